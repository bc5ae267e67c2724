# kill -9 under HTTP writes, three times: every answered write is there, no half batch, no number given twice.
"$here/../crash/kill-server.py" 3
