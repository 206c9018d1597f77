# A device of Net::XMPP or Net::Jabber.
# usage: perl_client.pl Net::XMPP|Net::Jabber PORT DOMAIN USER PASSWORD register,tls,iq,sasl CERTIFICATE
# Says "ready ADDRESS", "got ID TEXT" for each push, which it confirms, and "refused WHY".
use strict;
use warnings;

my ($library, $port, $domain, $user, $password, $how, $certificate) = @ARGV;
my %how = map { $_ => 1 } split /,/, $how;
eval "use $library qw(Client); 1" or die $@;
$| = 1;
binmode STDOUT, ':utf8';

my $client = "${library}::Client"->new();
$client->Connect(
    hostname => '127.0.0.1', port => $port, componentname => $domain, tls => $how{tls} ? 1 : 0,
    ssl_ca_path => $certificate, ssl_verify => 1, timeout => 5) or refuse('connection');

if ($how{register}) {
    my ($code, $text) = $client->RegisterSend(to => $domain, username => $user, password => $password);
    refuse("registration $code") unless $code eq 'ok';
}

my @login = (username => $user, password => $password, resource => 'AndroidpnClient');
my ($code, $text) = $how{sasl} ? $client->AuthSend(@login) : $client->AuthIQAuth(@login);
refuse("login $code") unless $code eq 'ok';

$client->SetXPathCallBacks('/iq[@type="set"]', sub {
    my ($session, $iq) = @_;
    my ($text) = $iq->GetXML() =~ m{<message>(.*?)</message>}s;
    print 'got ', $iq->GetID(), " $text\n";
    $client->Send($iq->Reply(type => 'result'));
});
$client->SetXPathCallBacks('/presence', sub { print 'ready ', $_[1]->GetTo(), "\n" });
$client->PresenceSend();
while (defined $client->Process()) { }

sub refuse {
    print "refused @_\n";
    exit 1;
}
