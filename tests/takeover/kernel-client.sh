# Runs in the guest: three kinds of work on a mounted export, and a meter, until the console says "stop".
# On "mark NAME" it says how long the meter was held up since the last mark, in hundredths of a second.
M=/m
O=vers=3,proto=tcp,port=2049,mountproto=tcp,mountport=20048,nolock,hard,addr=10.77.0.10
fail() { echo "@fail $1"; touch /tmp/failed /tmp/stop; }
now() { read u _ </proc/uptime; echo "${u%.*}${u#*.}"; }

mount -t nfs -o $O 10.77.0.10:/files $M || { fail mount; exit 1; }
dd if=/dev/urandom of=/tmp/source bs=64k count=64 2>/dev/null
cp /tmp/source $M/original || fail original
SUM=$(md5sum </tmp/source)

writer() {
  n=0
  while [ ! -e /tmp/stop ]; do
    dd if=/tmp/source of=$M/copy bs=64k conv=fsync 2>/tmp/writer || { fail "dd write: $(cat /tmp/writer)"; break; }
    n=$((n+1))
  done
  echo 3 >/proc/sys/vm/drop_caches
  [ "$(md5sum <$M/copy)" = "$SUM" ] || fail "checksum of what was written"
  echo "@writes $n"
}

reader() {
  n=0
  while [ ! -e /tmp/stop ]; do
    echo 1 >/proc/sys/vm/drop_caches
    dd if=$M/original of=/tmp/read bs=64k 2>/tmp/reader || { fail "dd read: $(cat /tmp/reader)"; break; }
    [ "$(md5sum </tmp/read)" = "$SUM" ] || { fail "checksum of what was read"; break; }
    n=$((n+1))
  done
  echo "@reads $n"
}

namer() {
  n=0
  while [ ! -e /tmp/stop ]; do
    echo $n >$M/made.$n && mv $M/made.$n $M/moved.$n || { fail "create or rename $n"; break; }
    [ "$(cat $M/moved.$n)" = $n ] || { fail "content of $n"; break; }
    rm $M/moved.$n || { fail "remove $n"; break; }
    n=$((n+1))
  done
  echo "@names $n"
}

meter() {
  max=0
  last=$(now)
  while [ ! -e /tmp/stop ]; do
    echo . >$M/meter || { fail meter; break; }
    at=$(now)
    [ $((at-last)) -gt $max ] && max=$((at-last))
    last=$at
    if [ -e /tmp/mark ]; then
      echo "@stall $(cat /tmp/mark) $max"
      rm /tmp/mark
      max=0
    fi
    usleep 10000
  done
}

writer & reader & namer & meter &
echo @go
while [ ! -e /tmp/stop ] && read order name; do
  case $order in
    mark) echo $name >/tmp/mark.new; mv /tmp/mark.new /tmp/mark ;;
    stop) touch /tmp/stop ;;
  esac
done </dev/ttyS0
wait
grep -q " $M nfs " /proc/mounts || fail "the mount is gone"
dmesg | grep -i -e stale -e 'i/o error' -e 'input/output' && fail "the kernel complained"
ls $M
[ ! -e /tmp/failed ]
