# Listens on the AF_UNIX datagram socket named on the command line, as systemd does; one line per assignment received.
import socket
import sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(listener.recv(4096).decode(), flush=True)
