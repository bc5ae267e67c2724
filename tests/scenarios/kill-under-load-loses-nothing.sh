# kill -9 under HTTP writes, attachments, purges and compaction, beside backups and restores: every answered write is there, no half
# batch, no number given twice.
"$here/../crash/kill-server.py" 8
