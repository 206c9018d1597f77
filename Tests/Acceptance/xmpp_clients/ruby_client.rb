# A device of XMPP4R.
# usage: ruby_client.rb PORT DOMAIN USER PASSWORD register,tls,digest,sasl
# Says "ready ADDRESS", "got ID TEXT" for each push, which it confirms, and "refused WHY".
require "xmpp4r"

port, domain, user, password, how = ARGV
how = how.split(",")
$stdout.sync = true

client = Jabber::Client.new(Jabber::JID.new(user.dup, domain.dup, "AndroidpnClient"))
client.allow_tls = how.include?("tls")
client.connect("127.0.0.1", Integer(port))
begin
  client.register(password) if how.include?("register")
  if how.include?("sasl")
    client.auth(password)
  else
    client.auth_nonsasl(password, how.include?("digest"))
  end
rescue Jabber::ServerError, Jabber::ClientAuthenticationFailure => error
  puts "refused #{error.message}"
  exit 1
end

client.add_stanza_callback do |stanza|
  notification = stanza.first_element("notification")
  if notification
    puts "got #{stanza.id} #{notification.first_element_text("message")}"
    client.send(Jabber::Iq.new(:result).tap { |result| result.id = stanza.id })
  end
end
client.add_presence_callback { |presence| puts "ready #{presence.to}" }
client.send(Jabber::Presence.new)
sleep
