"""An EPP server on loopback, over TLS with client certificates: answers by a function, or misbehaves as a case asks."""
import re, socket, ssl, struct, threading

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<epp xmlns="urn:ietf:params:xml:ns:epp-1.0">'
GREETING = HEAD + '''<greeting><svID>test registry</svID><svDate>2026-07-01T00:00:00Z</svDate><svcMenu><version>1.0</version><lang>en</lang>
<objURI>urn:ietf:params:xml:ns:domain-1.0</objURI><objURI>urn:ietf:params:xml:ns:host-1.0</objURI>
<svcExtension><extURI>urn:ietf:params:xml:ns:secDNS-1.1</extURI>%s</svcExtension></svcMenu>
<dcp><access><all/></access><statement><purpose><admin/></purpose><recipient><ours/></recipient><retention><none/></retention></statement></dcp></greeting></epp>'''
LOGIN_SEC = '<extURI>urn:ietf:params:xml:ns:epp:loginSec-1.0</extURI>'
CHANGE_POLL = '<extURI>urn:ietf:params:xml:ns:changePoll-1.0</extURI>'


def response(code, inner='', queue='', value=''):
    return HEAD + '<response><result code="%d"><msg>text</msg>%s</result>%s%s<trID><svTRID>sv-1</svTRID></trID></response></epp>' % (code, value, queue, inner)


def domain(name, statuses=('ok',), servers=('ns1.example.test',), client='registrar-1', expires='2027-01-01T00:00:00Z'):
    return ('<domain:infData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0"><domain:name>%s</domain:name><domain:roid>D1-TEST</domain:roid>%s<domain:ns>%s</domain:ns>'
            '<domain:clID>%s</domain:clID><domain:crDate>2020-01-01T00:00:00Z</domain:crDate><domain:exDate>%s</domain:exDate>'
            '<domain:authInfo><domain:pw>s3cret-transfer-code</domain:pw></domain:authInfo></domain:infData>') % (
                name, ''.join('<domain:status s="%s"/>' % s for s in statuses), ''.join('<domain:hostObj>%s</domain:hostObj>' % s for s in servers), client, expires)


def queue(number, count, at='2026-07-01T10:00:00Z'):
    return '<msgQ count="%d" id="%s"><qDate>%s</qDate><msg>something happened</msg></msgQ>' % (count, number, at)


def change(half, trid='reg-tr-1', who='Registry Admin', operation='update', at='2026-07-01T09:59:00Z', more=''):
    return ('<changePoll:changeData xmlns:changePoll="urn:ietf:params:xml:ns:changePoll-1.0" state="%s"><changePoll:operation>%s</changePoll:operation>'
            '<changePoll:date>%s</changePoll:date><changePoll:svTRID>%s</changePoll:svTRID><changePoll:who>%s</changePoll:who>%s</changePoll:changeData>') % (
                half, operation, at, trid, who, more)


class EppServer:
    """domains: name -> infData text (or None: 2303); messages: [(id, inner)] in order. commands: what was asked."""
    def __init__(self, server_pem, client_ca=None, extensions=CHANGE_POLL):
        self.greeting, self.domains, self.messages, self.commands, self.passwords, self.acked = GREETING % extensions, {}, [], [], [], []
        self.password, self.lose_ack, self.trick = 'secret', False, None
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(server_pem)
        if client_ca:
            self.tls.verify_mode = ssl.CERT_REQUIRED
            self.tls.load_verify_locations(client_ca)
        self.socket = socket.socket()
        self.socket.bind(('127.0.0.1', 0))
        self.socket.listen(5)
        self.port = self.socket.getsockname()[1]
        self.stopped = False
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.stopped = True
        self.socket.close()

    def accept(self):
        while not self.stopped:
            try:
                raw, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.session, args=(raw,), daemon=True).start()

    def session(self, raw):
        try:
            raw.settimeout(20)
            with self.tls.wrap_socket(raw, server_side=True) as c:
                self.send(c, self.greeting)
                while True:
                    frame = self.receive(c)
                    answer, last = self.answer(frame)
                    if answer is None:
                        return
                    if self.trick and self.trick(c, frame):
                        return
                    self.send(c, answer)
                    if last:
                        return
        except (OSError, ssl.SSLError, EOFError):
            pass

    @staticmethod
    def send(c, text):
        data = text if isinstance(text, bytes) else text.encode()
        c.sendall(struct.pack('>I', len(data) + 4) + data)

    @staticmethod
    def receive(c):
        data = b''
        need = 4
        while len(data) < need:
            got = c.recv(65536)
            if not got:
                raise EOFError
            data += got
            if need == 4 and len(data) >= 4:
                need = struct.unpack('>I', data[:4])[0]
        return data[4:].decode()

    def answer(self, frame):
        if '<login>' in frame:
            self.commands.append('login')
            found = re.search(r'<loginSec:pw>(.*?)</loginSec:pw>', frame) or re.search(r'<pw>(.*?)</pw>', frame)
            self.passwords.append(found.group(1))
            return (response(1000), False) if found.group(1) == self.password else (response(2200), False)
        if '<info>' in frame:
            name = re.search(r'<domain:name[^>]*>(.*?)<', frame).group(1)
            self.commands.append('info ' + name)
            found = self.domains.get(name)
            return response(1000, '<resData>%s</resData>' % found) if found else response(2303), False
        if 'op="req"' in frame:
            self.commands.append('req')
            if not self.messages:
                return response(1300), False
            number, inner = self.messages[0]
            return response(1301, inner, queue(number, len(self.messages))), False
        if 'op="ack"' in frame:
            number = re.search(r'msgID="(.*?)"', frame).group(1)
            self.commands.append('ack ' + number)
            self.acked.append(number)
            if self.messages and self.messages[0][0] == number:
                if self.lose_ack:
                    self.lose_ack = False
                    return None, True
                self.messages.pop(0)
                return response(1000, queue='<msgQ count="%d" id="%s"/>' % (len(self.messages), number)), False
            return response(2303), False
        self.commands.append('logout')
        return response(1500), True
