# A binary of the build tree finds the tree's plugins and config.d from any working directory, also by a symlink.
cd /
start_node node
same "$(curl -s "$url/hello")" "hello, world"
kill -TERM "$pid"
await_exit
same "$code" 0 "exit code"
ln -s "$cloudsyncd" "$dir/link"
"$dir/link" --version | grep -q '[0-9]\.[0-9]' || fail "--version through a symlink"
