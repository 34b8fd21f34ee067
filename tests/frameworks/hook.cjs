// Loaded before a framework: requests for AWS go to AWS_ENDPOINT_URL, and nothing else leaves this machine.
//
// The AWS SDK v2 in Serverless 3 and osls 3 knows no AWS_ENDPOINT_URL. A request keeps the Host header that it was
// signed with, so that its signature still holds. Whatever else would leave this machine ends the process with 97.
"use strict";

const http = require("node:http");
const https = require("node:https");
const net = require("node:net");
const dns = require("node:dns");
const fs = require("node:fs");

const LEFT_THIS_MACHINE = 97;
const local = new URL(process.env.AWS_ENDPOINT_URL);
const isLoopback = (host) => ["127.0.0.1", "::1", "localhost"].includes(host);
const isAws = (host) => /(^|\.)amazonaws\.com(\.cn)?$/.test(host);

function refuse(host) {
  fs.writeSync(2, `tests/frameworks/hook.cjs: something tried to reach ${host}\n`);
  process.exit(LEFT_THIS_MACHINE);
}

function redirected(options) {
  const host = options.hostname || options.host;
  if (!isAws(host)) return null;
  const headers = { ...options.headers };
  if (!Object.keys(headers).some((name) => name.toLowerCase() === "host")) headers.Host = host;
  const { method, path, timeout } = options;
  return { method, path, timeout, headers, protocol: "http:", hostname: local.hostname, port: local.port };
}

for (const client of [https, http]) {
  const request = client.request;
  client.request = function (first, ...rest) {
    const isUrl = typeof first === "string" || first instanceof URL;
    const given = isUrl && typeof rest[0] === "object" ? rest.shift() : {};
    const options = isUrl ? { ...urlOptions(new URL(first)), ...given } : first;
    const toLocal = redirected(options);
    return toLocal ? http.request(toLocal, ...rest) : request.call(client, options, ...rest);
  };
  client.get = function (...args) {
    const sent = client.request(...args);
    sent.end();
    return sent;
  };
}

function urlOptions({ protocol, hostname, port, pathname, search }) {
  return { protocol, hostname, port, path: `${pathname}${search}` };
}

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  // What net itself hands over is an array of the options and a callback; others call as the manual says.
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  const host = typeof options === "object" ? options.host : typeof args[1] === "string" ? args[1] : "localhost";
  if (host !== undefined && !isLoopback(host)) refuse(host);
  return connect.apply(this, args);
};

const lookup = dns.lookup;
dns.lookup = (host, ...rest) => (isLoopback(host) ? lookup(host, ...rest) : refuse(host));
