# Several addresses, each with limits of its own; UNIX sockets; a reload that changes limits and drops no connection.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *

other = free_port ()
node = Node ()
def config (limit):
  node.write_config (f'''[http]
max-body = {limit}
[listener small]
address = 127.0.0.1:{other}
max-body = 1K
max-connections = 2
[listener local]
address = unix:{node.dir}/socket
''')

config ('2K')
with node:
  with node.client () as c, Client (other) as d:
    same (c.ask ('POST', '/probe/body', body=b'x' * 2000).status, 200)
    same (d.ask ('POST', '/probe/body', body=b'x' * 1000).status, 200)
    same (d.ask ('POST', '/probe/body', body=b'x' * 1100).status, 413)
    d.sock.close ()
    with Client (other) as one, Client (other) as two, Client (other) as three:
      same ((one.ask ('GET', '/probe/item/1').status, two.ask ('GET', '/probe/item/2').status), (200, 200))
      answer = three.answer ()
      same ((answer.status, answer.headers['connection']), (503, 'close'))
      assert three.closed ()
    config ('4K')
    node.process.send_signal (signal.SIGHUP)
    def larger ():
      with node.client () as e:
        return e.ask ('POST', '/probe/body', body=b'x' * 4000).status == 200
    eventually (larger, 5, 'the new limit')
    same (c.ask ('GET', '/probe/item/x').status, 200, 'the connection from before')
  with socket.socket (socket.AF_UNIX) as s:
    s.connect (node.dir + '/socket')
    s.sendall (b'GET /probe/local HTTP/1.1\r\nHost: anything\r\nConnection: close\r\n\r\n')
    data = b''
    while piece := s.recv (4096):
      data += piece
    assert data.startswith (b'HTTP/1.1 200') and data.endswith (b'nobody'), data
PY
