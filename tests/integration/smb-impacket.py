"""impacket as a client of one share: smb-impacket.py ADDRESS PORT SHARE USER PASSWORD. Says a line for each dialect."""
import hashlib
import io
import sys

from impacket.dcerpc.v5 import srvs, transport, wkst
from impacket.smb3structs import SMB2_DIALECT_002, SMB2_DIALECT_21, SMB2_DIALECT_30, SMB2_DIALECT_311
from impacket.smbconnection import SessionError, SMBConnection

address, port, share, user, password = sys.argv[1:]
SIZE = 2_500_003
BYTES = b''.join(hashlib.sha256(b'%d' % n).digest() for n in range(SIZE // 32 + 1))[:SIZE]


def connected(dialect):
    client = SMBConnection(address, address, sess_port=int(port), preferredDialect=dialect)
    # Its release 0.10 begins an NTLM login with a hash of zeros, for which Samba refuses it, too: [MS-SMB2] §3.2.5.2.
    inner = client.getSMBServer()
    if dialect == SMB2_DIALECT_311:
        inner._Session['PreauthIntegrityHashValue'] = inner._Connection['PreauthIntegrityHashValue']
    return client


def refused(dialect, status, act):
    try:
        act()
    except SessionError as error:
        assert error.getErrorCode() == status, hex(error.getErrorCode())
        return
    raise AssertionError('not refused')


def works(dialect):
    client = connected(dialect)
    assert client.getDialect() == dialect, hex(client.getDialect())
    client.login(user, password)
    folder = 'impacket-%x' % dialect
    client.createDirectory(share, folder)
    client.putFile(share, folder + '\\Größe', io.BytesIO(BYTES).read)
    got = io.BytesIO()
    client.getFile(share, folder + '\\GRÖSSE'.replace('SS', 'ß'), got.write)
    assert got.getvalue() == BYTES, len(got.getvalue())
    client.rename(share, folder + '\\Größe', folder + '\\renamed')
    rows = {row.get_longname(): row for row in client.listPath(share, folder + '\\*')}
    assert sorted(rows) == ['.', '..', 'renamed'], sorted(rows)
    assert rows['renamed'].get_filesize() == SIZE
    assert not rows['renamed'].is_directory()
    assert rows['.'].is_directory()
    refused(dialect, 0xC0000101, lambda: client.deleteDirectory(share, folder))
    client.deleteFile(share, folder + '\\renamed')
    refused(dialect, 0xC0000034, lambda: client.getFile(share, folder + '\\renamed', got.write))
    client.deleteDirectory(share, folder)
    names = [row['shi1_netname'][:-1] for row in client.listShares()]
    assert share in names and 'IPC$' in names, names
    client.logoff()
    stranger = connected(dialect)
    refused(dialect, 0xC000006D, lambda: stranger.login(user, password + 'x'))
    print('@works %x' % dialect)


def asks_pipes():
    pipe = lambda name: transport.SMBTransport(address, int(port), name, user, password, remote_host=address)
    rpc = pipe(r'\srvsvc').get_dce_rpc()
    rpc.connect()
    rpc.bind(srvs.MSRPC_UUID_SRVS)
    info = srvs.hNetrServerGetInfo(rpc, 101)['InfoStruct']['ServerInfo101']
    assert info['sv101_name'] != '\x00'
    one = srvs.hNetrShareGetInfo(rpc, share + '\x00', 1)['InfoStruct']['ShareInfo1']
    assert one['shi1_netname'] == share + '\x00', one['shi1_netname']
    rpc.disconnect()
    rpc = pipe(r'\wkssvc').get_dce_rpc()
    rpc.connect()
    rpc.bind(wkst.MSRPC_UUID_WKST)
    info = wkst.hNetrWkstaGetInfo(rpc, 100)['WkstaInfo']['WkstaInfo100']
    assert info['wki100_computername'] != '\x00'
    rpc.disconnect()
    print('@pipes')


for each in (SMB2_DIALECT_002, SMB2_DIALECT_21, SMB2_DIALECT_30, SMB2_DIALECT_311):
    works(each)
asks_pipes()
