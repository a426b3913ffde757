// Loaded before all else into the processes of `up`: what would connect to a shard at PATH.sock
// connects to PATH.sock.link, where a faulty link listens.
const { syncBuiltinESMExports } = require('node:module');
const net = require('node:net');

const connect = net.connect;
const isShard = (path) => typeof path === 'string' && /\/s\d+\.sock$/.test(path);
net.connect = (to, ...rest) =>
  connect(isShard(to?.path) ? { ...to, path: `${to.path}.link` } : to, ...rest);
syncBuiltinESMExports();
