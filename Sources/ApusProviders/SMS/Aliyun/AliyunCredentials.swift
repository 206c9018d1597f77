import ApusCore

/// An Aliyun credential as it is stored: `accessKeyId`, `signName` and `templateCode`, with a secret `accessKeySecret`;
/// `templateParameter` names the template's variable for the text of a message that has no parameters of its own;
/// `region`, and for a stand-in `endpoint`.
struct AliyunCredentials {
    let accessKeyID: String
    let accessKeySecret: String
    /// The approved name of the sender that stands before the text.
    let signName: String
    let templateCode: String?
    let templateParameter: String
    let region: String
    let endpoint: WebAddress

    init(_ credential: Credential) throws(ApusError) {
        let fields = try CredentialFields(
            credential, of: .aliyunSMS,
            settings: ["accessKeyId", "signName", "templateCode", "templateParameter", "region", "endpoint"],
            secrets: ["accessKeySecret"], errorCode: "sms_credential_invalid")
        accessKeyID = try fields.required("accessKeyId", "The id of the access key")
        accessKeySecret = try fields.required("accessKeySecret", "The secret of the access key")
        signName = try fields.required("signName", "The approved signature of the texts")
        templateCode = fields["templateCode"]
        templateParameter = fields["templateParameter"] ?? "content"
        region = fields["region"] ?? "cn-hangzhou"
        endpoint = try fields.address("endpoint", default: "https://dysmsapi.aliyuncs.com/")
    }
}
