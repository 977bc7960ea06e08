"""Certificate Transparency logs on loopback, of both kinds, that answer honestly or lie in a named way; and their list.

  with CtServer() as s:
      log = s.add('alpha', 'rfc6962', operator='Alpha', entries=[...])      entries as in a recipe of make-ctlog
      log.now = '2026-07-01T12:00:00Z'                                     what was logged by then; time of its head
      log.fault = 'rollback'
      s.list(version='1.1', timestamp='2026-07-01T00:00:00Z')              the list of logs, schema v3, as a dict

FAULTS: see Served.FAULTS. A fault that needs an earlier honest head (rollback, fork, frozen) is set after one was read.
"""
import base64, functools, gzip, hashlib, http.server, importlib.machinery, importlib.util, json, os, struct, threading, time, urllib.parse

_path = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'make-ctlog')
_spec = importlib.util.spec_from_loader('make_ctlog', importlib.machinery.SourceFileLoader('make_ctlog', _path))
ctlog = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ctlog)


def b64(b):
    return base64.b64encode(b).decode()


class Tree:
    def __init__(self, hashes):
        self.h = hashes
        self.memo = {}

    def root(self, a, b):
        if b - a == 0:
            return hashlib.sha256(b'').digest()
        if b - a == 1:
            return self.h[a]
        if (a, b) not in self.memo:
            k = self.split(b - a)
            self.memo[a, b] = ctlog.node(self.root(a, a + k), self.root(a + k, b))
        return self.memo[a, b]

    @staticmethod
    def split(n):
        return 1 << (n - 1).bit_length() - 1

    def audit(self, i, a, b):
        if b - a == 1:
            return []
        k = self.split(b - a)
        if i - a < k:
            return self.audit(i, a, a + k) + [self.root(a + k, b)]
        return self.audit(i, a + k, b) + [self.root(a, a + k)]

    def consistency(self, m, n):
        def sub(m, a, b, whole):
            if m == b - a:
                return [] if whole else [self.root(a, b)]
            k = self.split(b - a)
            if m <= k:
                return sub(m, a, a + k, whole) + [self.root(a + k, b)]
            return sub(m - k, a + k, b, False) + [self.root(a, a + k)]
        return sub(m, 0, n, True) if 0 < m < n else []


class Served:
    FAULTS = ('wrong-root', 'rollback', 'fork', 'frozen', 'short-page', 'no-entries', 'oversize', 'gzip-bomb', 'bad-index', 'forged-chain',
              'redirect', 'storm', 'half-tile', 'truncated', 'other-key', 'other-origin', 'gone', 'no-proof', 'too-many', 'no-entry-and-proof', 'bad-hashes')

    def __init__(self, server, name, kind, operator, entries, state, interval, final, seed, end):
        self.server, self.name, self.kind, self.operator, self.state = server, name, kind, operator, state
        self.interval, self.final, self.fault, self.witnesses = interval, final, None, []
        self.origin = '127.0.0.1:%d/%s' % (server.port, name)
        self.log = ctlog.Log({'origin': self.origin, 'key': seed or 'ctserver ' + name, 'entries': entries})
        self.tiled = kind == 'static-ct'
        self.now = end
        self.page = 10 ** 6
        self.asked = []
        self.retry_after = None
        # how long each answer takes, in seconds, or a function of path and query; how many were asked for at a time at most; when each was
        self.delay, self.busy, self.most, self.times, self.lock = 0, 0, 0, [], threading.Lock()
        self.refuse_at = None                     # the n-th request for entries is refused, once

    # --- what it says ---
    def entries(self):
        now = ctlog.when(self.now)
        return [e for e in self.log.entries if e['at'] <= now]

    def stamped(self, i, e):
        if self.tiled:
            return ctlog.timestamped(e, i + (1 if self.fault == 'bad-index' and i == len(self.entries()) - 1 else 0))
        body = e['issuer_key_hash'] + ctlog.u24(e['certificate']) if e['precert'] else ctlog.u24(e['certificate'])
        return struct.pack('>QH', e['at'], int(e['precert'])) + body + ctlog.u16(b'')

    def leaf_input(self, i, e):
        return b'\0\0' + self.stamped(i, e)

    def build(self):
        key = (self.now, self.fault)
        if getattr(self, 'built', None) == key:
            return
        self.built = key
        entries = self.entries()
        if self.fault == 'fork':
            entries[0] = dict(entries[0], at=entries[0]['at'] + 1)
        if self.fault == 'rollback':
            entries = entries[:len(entries) // 2]
        self.e = entries
        self.inputs = [self.leaf_input(i, e) for i, e in enumerate(entries)]
        self.tree = Tree([hashlib.sha256(b'\0' + x).digest() for x in self.inputs])
        self.at = ctlog.when(self.now)
        if self.fault == 'frozen':
            self.at -= 2 * 86400000
        self.root = self.tree.root(0, len(entries))
        if self.fault == 'wrong-root':
            self.root = ctlog.flip(self.root)

    @property
    def size(self):
        self.build()
        return len(self.e)

    def signer(self):
        return ctlog.key_of('somebody else') if self.fault == 'other-key' else self.log.key

    def tree_head(self):
        return b'\0\1' + struct.pack('>QQ', self.at, self.size) + self.root

    def sth(self):
        self.build()
        return {'tree_size': self.size, 'timestamp': self.at, 'sha256_root_hash': b64(self.root),
                'tree_head_signature': b64(b'\4\3' + ctlog.u16(self.signer().sign(self.tree_head())))}

    def checkpoint(self):
        self.build()
        origin = 'other.example/log' if self.fault == 'other-origin' else self.origin
        text = '%s\n%d\n%s\n' % (origin, self.size, b64(self.root))
        key_id = hashlib.sha256(origin.encode() + b'\n\5' + self.log.id).digest()[:4]
        blob = key_id + struct.pack('>Q', self.at) + b'\4\3' + ctlog.u16(self.signer().sign(self.tree_head()))
        note = text + '\n\u2014 %s %s\n' % (origin, b64(blob))
        for line in self.witnesses:
            note += line(text, self.at // 1000) if callable(line) else line
        return note.encode()

    def tile(self, level, n, width):
        self.build()
        if level == 'data':
            part = self.e[n * 256:n * 256 + width]
            body = b''.join(self.stamped(n * 256 + i, e) + (ctlog.u24(e['precertificate']) if e['precert'] else b'') +
                            ctlog.u16(b''.join(hashlib.sha256(c).digest() for c in e['chain'])) for i, e in enumerate(part))
            return body[:len(body) // 2] if self.fault == 'half-tile' else body
        span = 256 ** level
        row = [self.tree.root(i * span, (i + 1) * span) for i in range(n * 256, n * 256 + width)]
        return b''.join(ctlog.flip(x) for x in row) if self.fault == 'bad-hashes' else b''.join(row)

    def extra(self, e):
        chain = [ctlog.authority('CN=Nobody', 'nobody')[0]] if self.fault == 'forged-chain' else e['chain']
        chain = ctlog.u24(b''.join(ctlog.u24(c) for c in chain))
        return ctlog.u24(e['precertificate']) + chain if e['precert'] else chain

    def entry_json(self, i):
        leaf = self.inputs[i]
        if self.fault == 'bad-index':           # the right number of entries, in another order
            leaf = self.inputs[(i + 1) % self.size]
        return {'leaf_input': b64(leaf), 'extra_data': b64(self.extra(self.e[i]))}

    # --- how it says it ---
    def answer(self, path, query, headers):
        with self.lock:
            self.busy += 1
            self.most = max(self.most, self.busy)
            self.times.append(time.monotonic())
        try:
            time.sleep(self.delay(path, query) if callable(self.delay) else self.delay)
            return self.answer_one(path, query, headers)
        finally:
            with self.lock:
                self.busy -= 1

    def answer_one(self, path, query, headers):
        self.asked.append(path + ('?' + query if query else ''))
        f = self.fault
        q = {k: v[0] for k, v in urllib.parse.parse_qs(query).items()}
        is_head = path in ('checkpoint', 'ct/v1/get-sth')
        bulk = path.startswith('tile/data/') or path == 'ct/v1/get-entries'
        with self.lock:
            if bulk and self.refuse_at is not None:
                self.refuse_at -= 1
                if self.refuse_at < 0:
                    self.refuse_at = None
                    return 429, {'Retry-After': '1'}, b'<html>slow down</html>'
        if f == 'gone':
            return 503, {}, b'<html>down</html>'
        if f == 'redirect':
            return 302, {'Location': 'http://127.0.0.1:%d/elsewhere' % self.server.port}, b''
        if f == 'storm' and bulk:
            return 429, {'Retry-After': self.retry_after} if self.retry_after else {}, b'<html>slow down</html>'
        if f == 'oversize' and bulk:
            return 200, {}, b' ' * (80 << 20)
        if f == 'gzip-bomb' and bulk:
            return 200, {'Content-Encoding': 'gzip'}, bomb()
        self.build()
        if is_head:
            return 200, {}, json.dumps(self.sth()).encode() if path != 'checkpoint' else self.checkpoint()
        if path.startswith('tile/'):
            return self.answer_tile(path)
        if path.startswith('issuer/'):
            for ca, _ in self.log.issuers.values():
                if hashlib.sha256(ca).hexdigest() == path[7:]:
                    return 200, {}, ctlog.authority('CN=Nobody', 'nobody')[0] if f == 'forged-chain' else ca
            return 404, {}, b''
        got = self.answer_json(path, q)
        if got is None:
            return 404, {}, b''
        body = json.dumps(got).encode()
        return 200, {}, body[:len(body) // 2] if f == 'truncated' and bulk else body

    def answer_tile(self, path):
        level, *rest = path[5:].split('/')
        width = 256
        if rest[-2:-1] and rest[-2].endswith('.p'):
            width = int(rest[-1])
            rest = rest[:-1]
            rest[-1] = rest[-1][:-2]
        n = int(''.join(g.lstrip('x') for g in rest))
        level = level if level == 'data' else int(level)
        items = len(self.e) // (256 ** (0 if level == 'data' else level))
        if n * 256 + width > items:
            return 404, {}, b''
        return 200, {}, self.tile(level, n, width)

    def answer_json(self, path, q):
        if path == 'ct/v1/get-entries':
            start, end = int(q['start']), min(int(q['end']), self.size - 1)
            page = 7 if self.fault == 'short-page' else self.page
            end = min(end, start + page - 1)
            if self.fault == 'no-entries':
                return {'entries': []}
            if self.fault == 'too-many':
                return {'entries': [self.entry_json(start)] * (int(q['end']) - start + 2)}
            return {'entries': [self.entry_json(i) for i in range(start, end + 1)]}
        if path == 'ct/v1/get-sth-consistency':
            proof = self.tree.consistency(int(q['first']), int(q['second']))
            if self.fault == 'no-proof':
                proof = [ctlog.flip(x) for x in proof]
            return {'consistency': [b64(x) for x in proof]}
        if path == 'ct/v1/get-entry-and-proof' and self.fault != 'no-entry-and-proof':
            i, n = int(q['leaf_index']), int(q['tree_size'])
            return dict(self.entry_json(i), audit_path=[b64(x) for x in self.tree.audit(i, 0, n)])
        if path == 'ct/v1/get-proof-by-hash':
            n = int(q['tree_size'])
            i = self.tree.h.index(base64.b64decode(q['hash']))
            return {'leaf_index': i, 'audit_path': [b64(x) for x in self.tree.audit(i, 0, n)]}
        return None

    # --- in the list ---
    def entry(self):
        url = 'http://127.0.0.1:%d/%s/' % (self.server.port, self.name)
        out = {'description': self.operator + " '" + self.name + "' log", 'log_id': b64(self.log.id), 'key': b64(self.log.key.spki),
               'mmd': 60 if self.tiled else 86400, 'unheard': {'of': 1}}
        out.update({'submission_url': url, 'monitoring_url': url} if self.tiled else {'url': url})
        if self.state:
            out['state'] = {self.state: {'timestamp': '2026-06-01T00:00:00Z'}}
            if self.state == 'readonly' and self.final:
                out['state']['readonly']['final_tree_head'] = {'tree_size': self.size, 'sha256_root_hash': b64(self.root)}
        if self.interval:
            out['temporal_interval'] = {'start_inclusive': self.interval[0], 'end_exclusive': self.interval[1]}
        return out


@functools.lru_cache(None)
def bomb():
    return gzip.compress(b'{"entries":[' + b' ' * (300 << 20))


class CtServer:
    def __init__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                path, _, query = self.path.partition('?')
                outer.agents.add(self.headers.get('User-Agent', ''))
                name, _, rest = path.lstrip('/').partition('/')
                if name == 'list.json':
                    status, headers, body = outer.answer_list(self.headers)
                elif name in outer.logs:
                    status, headers, body = outer.logs[name].answer(rest, query, self.headers)
                else:
                    status, headers, body = 404, {}, b''
                try:
                    self.send_response(status)
                    for k, v in headers.items():
                        self.send_header(k, v)
                    self.send_header('Content-Length', str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True

            def log_message(self, *a):
                pass

        self.logs, self.agents, self.listed, self.list_asked = {}, set(), None, []
        self.http = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *a: None      # readers that go away are part of the tests
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def add(self, name, kind, operator='Alpha', entries=(), state='usable', interval=None, final=True, seed=None, end='2026-07-01T15:00:00Z'):
        self.logs[name] = Served(self, name, kind, operator, list(entries), state, interval, final, seed, end)
        return self.logs[name]

    def list(self, version='1.1', timestamp='2026-07-01T00:00:00Z', names=None):
        operators = {}
        for log in self.logs.values():
            if names is None or log.name in names:
                o = operators.setdefault(log.operator, {'name': log.operator, 'email': [], 'logs': [], 'tiled_logs': []})
                o['tiled_logs' if log.tiled else 'logs'].append(log.entry())
        return {'version': version, 'log_list_timestamp': timestamp, 'operators': list(operators.values())}

    def answer_list(self, headers):
        body = json.dumps(self.listed).encode() if self.listed is not None else b''
        etag = '"%s"' % hashlib.sha256(body).hexdigest()[:16]
        self.list_asked.append(headers.get('If-None-Match'))
        if not body:
            return 503, {}, b'down'
        if headers.get('If-None-Match') == etag:
            return 304, {'ETag': etag}, b''
        return 200, {'ETag': etag}, body

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.http.shutdown()
        self.http.server_close()
