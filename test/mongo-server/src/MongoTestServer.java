import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;

/**
 * A MongoDB server for tests: mongo-java-server on a file. Arguments: port (0 takes any free one) and
 * file. Prints `listening PORT` once it answers.
 */
public final class MongoTestServer extends H2Backend {
  /** What MongoDB 5.0 reports: the driver refuses servers below 4.2. */
  private static final int WIRE_VERSION = 13;

  private MongoTestServer(String file) {
    super(file);
  }

  public static void main(String[] args) {
    MongoServer server = new MongoServer(new MongoTestServer(args[1]));
    server.bind(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
    System.out.println("listening " + server.getLocalAddress().getPort());
  }

  @Override
  public Document handleCommand(Channel channel, String database, String command, Document query) {
    boolean greets = command.equalsIgnoreCase("hello") || command.equalsIgnoreCase("isMaster");
    Document reply = super.handleCommand(channel, database, greets ? "isMaster" : command, query);
    if (greets) greet(reply);
    // Only what is committed survives kill -9.
    else commit();
    return reply;
  }

  private static void greet(Document reply) {
    reply.put("maxWireVersion", WIRE_VERSION);
    reply.put("isWritablePrimary", true);
    reply.put("helloOk", true);
  }
}
