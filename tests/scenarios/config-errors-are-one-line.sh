# Each mistake in the configuration is one line with the place and the remedy; exit code 1, nothing is started.
refused ()  # words-expected argument…
{
  local words=$1 word
  shift
  code=0
  timeout 10 "$cloudsyncd" --check "$@" >out.txt 2>err.log || code=$?
  same "$code" 1 "exit code of $*"
  for word in $words; do contains "$(cat out.txt err.log)" "$word" "message for $*"; done
}

mkdir conf
printf '[http]\nlisten-to = 127.0.0.1:1\n' >conf/10-bad.conf
refused "10-bad.conf:2 listen-to listen" --role all --config "$dir/conf"
printf '[http]\nlisten = 127.0.0.1:1\nlisten = 127.0.0.1:2\n' >conf/10-bad.conf
refused "10-bad.conf:3 listen" --role all --config "$dir/conf"
rm conf/10-bad.conf
refused "nosuchrole" --role nosuchrole --config "$dir/conf"
refused "nosuchplugin" --plugins nosuchplugin --config "$dir/conf"
