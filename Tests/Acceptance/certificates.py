"""An authority of the tests' own, and the certificates that it issues to servers."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """Its own certificate is in `file`. Each certificate that it issues has another serial number."""

    def __init__(self, directory):
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the tests")])
        certificate = self._certificate(self.name, self.key.public_key(), 0, 3650).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(self.key, hashes.SHA256())
        self.file = directory / "authority.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _certificate(self, subject, public_key, first_day, last_day):
        now = datetime.datetime.now(datetime.timezone.utc)
        return x509.CertificateBuilder(
            self.name, subject, public_key, x509.random_serial_number(), now + datetime.timedelta(days=first_day - 1),
            now + datetime.timedelta(days=last_day))

    def issue(self, days=30, wait=0):
        """The texts of a new certificate for this machine and of its key. It ended if `days` is below 0, and holds only
        in `wait` days."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        certificate = self._certificate(subject, key.public_key(), min(days, 0) - 1 + wait, days).add_extension(
            x509.SubjectAlternativeName(names), critical=False).sign(self.key, hashes.SHA256())
        return Issued(
            certificate.public_bytes(serialization.Encoding.PEM).decode(),
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(),
            certificate.serial_number)


class Issued:
    def __init__(self, certificate, key, serial):
        self.certificate = certificate
        self.key = key
        self.serial = serial

    def write(self, directory):
        """The files `server.pem` and `server.key`, as settings of a server."""
        (directory / "server.pem").write_text(self.certificate)
        (directory / "server.key").write_text(self.key)
        return {"tls__certificate": directory / "server.pem", "tls__private_key": directory / "server.key"}
