# stats.awk: medians and a 95 % bootstrap interval of lines "ours" or "ours peer".
# Prints: median-ours median-peer median low high; of the ratio ours/peer, or of ours when alone.
function median_of (values, n,    sorted, i, j, v)
{
  for (i = 1; i <= n; i++) {
    v = values[i]
    for (j = i - 1; j > 0 && sorted[j] > v; j--) sorted[j + 1] = sorted[j]
    sorted[j + 1] = v
  }
  return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}
NF { n++; ours[n] = $1 + 0; peer[n] = $2 + 0; x[n] = NF > 1 && $2 > 0 ? $1 / $2 : $1 + 0 }
END {
  if (n == 0) { print "- - - - -"; exit }
  srand (1)
  rounds = 2000
  for (r = 1; r <= rounds; r++) {
    for (i = 1; i <= n; i++) pick[i] = x[int (rand () * n) + 1]
    m[r] = median_of (pick, n)
    count[m[r]]++
  }
  # The distinct medians are few: sort those and walk to the 2.5th and 97.5th percentile.
  k = 0
  for (v in count) distinct[++k] = v + 0
  for (i = 2; i <= k; i++) {
    v = distinct[i]
    for (j = i - 1; j > 0 && distinct[j] > v; j--) distinct[j + 1] = distinct[j]
    distinct[j + 1] = v
  }
  seen = 0
  for (i = 1; i <= k; i++) {
    seen += count[distinct[i] ""]
    if (low == "" && seen >= rounds * 0.025) low = distinct[i]
    if (high == "" && seen >= rounds * 0.975) high = distinct[i]
  }
  printf "%.6g %.6g %.6g %.6g %.6g\n", median_of (ours, n), median_of (peer, n), median_of (x, n), low, high
}
