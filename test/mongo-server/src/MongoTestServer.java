import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import org.h2.mvstore.MVStore;

/**
 * A MongoDB server for tests: mongo-java-server on a file. Arguments: port (0 takes any free one) and
 * file. Prints `listening PORT` once it answers.
 */
public final class MongoTestServer extends H2Backend {
  /** What MongoDB 5.0 reports: the driver refuses servers below 4.2. */
  private static final int WIRE_VERSION = 13;

  /** Documents in it need not be decoded again; every query but those by `_id` reads all of them. */
  private static final int CACHE_MB = 2048;

  private MongoTestServer(String file) {
    super(new MVStore.Builder().fileName(file).cacheSize(CACHE_MB).open());
  }

  public static void main(String[] args) {
    MongoServer server = new MongoServer(new MongoTestServer(args[1]));
    server.bind(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
    System.out.println("listening " + server.getLocalAddress().getPort());
  }

  @Override
  public Document handleCommand(Channel channel, String database, String command, Document query) {
    if (command.equalsIgnoreCase("createIndexes")) addCompareAndSetIndex(query);
    boolean greets = command.equalsIgnoreCase("hello") || command.equalsIgnoreCase("isMaster");
    Document reply = super.handleCommand(channel, database, greets ? "isMaster" : command, query);
    if (greets) greet(reply);
    // Only what is committed survives kill -9.
    else commit();
    return reply;
  }

  /**
   * This server finds a document by index only where a filter names exactly the index's fields; a
   * compare-and-set on `_id` and version would read the whole collection.
   */
  @SuppressWarnings("unchecked")
  private static void addCompareAndSetIndex(Document query) {
    if (!"products".equals(query.get("createIndexes"))) return;
    Document index = new Document("name", "compare-and-set").append("unique", true);
    index.append("key", new Document("_id", 1).append("version", 1));
    Collection<Document> indexes = new ArrayList<>((Collection<Document>) query.get("indexes"));
    indexes.add(index);
    query.put("indexes", indexes);
  }

  private static void greet(Document reply) {
    reply.put("maxWireVersion", WIRE_VERSION);
    reply.put("isWritablePrimary", true);
    reply.put("helloOk", true);
  }
}
