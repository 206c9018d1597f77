/// Every reason that there is. Documentation/reasons.md has the same table.
extension Reason {
    package static let all = own + ofAnyVendor + ofAPNs + ofWebPush + ofFCM + ofChineseVendors + ofDistributors

    /// What Apus itself decides.
    private static let own: [Reason] = [
        Reason("unmatched.app", .excluded, "The device belongs to another app."),
        Reason("unmatched.tenant", .excluded, "The device belongs to another tenant."),
        Reason("unmatched.platform", .excluded, "The message is for another platform than the device's."),
        Reason(
            "unmatched.registered_later", .excluded,
            "The device was registered, or registered again, after the message was sent."),
        Reason("unmatched.inactive", .excluded, "The device is unregistered."),
        Reason("unmatched.alias", .excluded, "None of the audience's aliases is the device's."),
        Reason("unmatched.tag", .excluded, "None of the audience's tags is one of the device's."),
        Reason("unmatched.device", .excluded, "The audience names other devices."),
        Reason("unmatched.all", .excluded, "The device was not registered when the message was sent."),
        Reason("unmatched.recipients", .excluded, "The device had not got the message that was taken back."),
        Reason("waits.scheduled", .waits, "It is sent at its time, to the devices that match the audience then."),
        Reason(
            "waits.offline", .waits,
            "The device is not connected. The message is sent when it connects, until it expires."),
        Reason(
            "waits.order", .waits,
            "The device is connected and has earlier messages to take or to confirm first."),
        Reason(
            "waits.reconnect", .waits,
            "The device is not connected. The message is sent again when it connects, until it is "
                + "confirmed or expires."),
        Reason(
            "waits.confirmation", .waits,
            "The device has not confirmed it. It is sent again, ever more seldom, until it does or the "
                + "message expires."),
        Reason("waits.vendor", .waits, "It waits for the vendor, which has much to send or has not answered yet."),
        Reason("expires", .waits, "It has expired and is about to be marked so."),
        Reason("expired", .ended, "Its time to live ended before it was done."),
        Reason("cancelled", .ended, "It was cancelled."),
        Reason("replaced", .ended, "A later message with the same collapse key, or topic, took its place."),
        Reason(
            "device.reassigned", .ended,
            "The device was registered for another alias; this one's messages are not for it any more."),
        Reason("device.deleted", .ended, "The device was deleted."),
        Reason("endpoint.unregistered", .ended, "The endpoint that it was posted to was unregistered."),
    ]

    /// What any vendor's route can end with.
    private static let ofAnyVendor: [Reason] = [
        Reason(
            "*.unknown", .unknown,
            "It was sent to the vendor, which did not say what became of it. It is not sent twice."),
        Reason("*.not_sent", .waits, "The vendor could not be reached. It is tried again."),
        Reason("*.held_up", .waits, "The vendor does not take messages of the app at the moment. It is tried again."),
        Reason("*.no_token", .waits, "The vendor gave no access token. It is tried again."),
        Reason("*.429", .waits, "The vendor wants fewer requests. It is tried again."),
        Reason("*.500", .waits, "The vendor has a problem of its own. It is tried again."),
        Reason("*.503", .waits, "The vendor has a problem of its own. It is tried again."),
        Reason("*.502", .unknown, "Something before the vendor did not get its answer. It is not sent twice."),
        Reason("*.504", .unknown, "Something before the vendor did not get its answer. It is not sent twice."),
        Reason("token_invalid", .ended, "The device's token is none of the vendor's."),
    ]

    /// The words behind the dot are APNs' own (`APNsReason`).
    private static let ofAPNs: [Reason] = [
        Reason(
            "apns.BadDeviceToken", .ended,
            "APNs does not know the device's token, or not in this environment. The device is unregistered."),
        Reason(
            "apns.DeviceTokenNotForTopic", .ended,
            "The device's token is of another app. The device is unregistered."),
        Reason("apns.Unregistered", .ended, "The app was removed from the device, which is unregistered."),
        Reason("apns.ExpiredToken", .ended, "The device's token has expired. The device is unregistered."),
        Reason("apns.PayloadTooLarge", .ended, "The payload is too large for APNs."),
        Reason("apns.TooManyRequests", .waits, "APNs wants fewer notifications for this device. It is tried again."),
        Reason("apns.InternalServerError", .waits, "APNs has a problem of its own. It is tried again."),
        Reason("apns.ServiceUnavailable", .waits, "APNs has a problem of its own. It is tried again."),
        Reason("apns_payload_too_large", .ended, "The payload is too large for APNs."),
        Reason("apns_payload_invalid", .ended, "The payload of the options for APNs is none."),
        Reason("apns_options_invalid", .ended, "The options for APNs are wrong."),
        Reason("apns_notification_invalid", .ended, "The message cannot be a notification of APNs."),
        Reason("apns.*", .ended, "APNs refused it, in the word that the code ends with."),
    ]

    /// The numbers are HTTP statuses (RFC 8030).
    private static let ofWebPush: [Reason] = [
        Reason("webpush.404", .ended, "There is no such subscription any more. The device is unregistered."),
        Reason("webpush.410", .ended, "There is no such subscription any more. The device is unregistered."),
        Reason("webpush.413", .ended, "The message is too large for the push service."),
        Reason("webpush.401", .ended, "The push service does not take the app's VAPID key."),
        Reason("webpush.403", .ended, "The push service does not take the app's VAPID key."),
        Reason("webpush.408", .waits, "The push service asks for it again later."),
        Reason("webpush.425", .waits, "The push service asks for it again later."),
        Reason("webpush.429", .waits, "The push service wants fewer messages. It is tried again."),
        Reason("webpush.5*", .waits, "The push service has a problem of its own. It is tried again."),
        Reason("webpush.service_paused", .waits, "The push service is slow or in trouble. It is tried again."),
        Reason("webpush.address_refused", .ended, "The subscription's address is not one that Apus sends to."),
        Reason("webpush_too_large", .ended, "The message is too large for Web Push."),
        Reason("webpush_encryption_failed", .ended, "The message could not be encrypted for the device."),
        Reason("webpush_subscription_invalid", .ended, "The device's subscription is none."),
        Reason("webpush.*", .ended, "The push service refused it with the HTTP status that the code ends with."),
    ]

    /// The words are FCM's own error codes.
    private static let ofFCM: [Reason] = [
        Reason(
            "fcm.UNREGISTERED", .ended,
            "FCM does not know the device's token any more. The device is unregistered."),
        Reason(
            "fcm.SENDER_ID_MISMATCH", .ended,
            "The device's token is of another FCM project. The device is unregistered."),
        Reason(
            "fcm.THIRD_PARTY_AUTH_ERROR", .waits,
            "FCM's key for Apple's or the browser's service is not accepted. It is tried again."),
        Reason("fcm.QUOTA_EXCEEDED", .waits, "FCM wants fewer messages for this device. It is tried again."),
        Reason("fcm.UNAVAILABLE", .waits, "FCM has a problem of its own. It is tried again."),
        Reason("fcm.INTERNAL", .waits, "FCM has a problem of its own. It is tried again."),
        Reason("fcm.UNSPECIFIED_ERROR", .waits, "FCM has a problem of its own. It is tried again."),
        Reason("fcm_too_large", .ended, "The message is too large for FCM."),
        Reason("fcm_extra_reserved", .ended, "The extra data has a member whose name FCM keeps for itself."),
        Reason("fcm.*", .ended, "FCM refused it, in the word that the code ends with."),
    ]

    /// The numbers are the vendors' own error codes.
    private static let ofChineseVendors: [Reason] = [
        Reason("umeng.4014", .ended, "The device's token is of another app of Umeng. The device is unregistered."),
        Reason("umeng.4020", .ended, "Umeng does not know the device's token. The device is unregistered."),
        Reason("umeng.4025", .ended, "Umeng could not send it to the device. The device is unregistered."),
        Reason("umeng.4026", .unknown, "Umeng sent it to some devices of a list and does not say which."),
        Reason("umeng.3*", .waits, "Umeng has a problem of its own. It is tried again."),
        Reason("umeng_too_large", .ended, "The message is too large for Umeng."),
        Reason("umeng_extra_reserved", .ended, "The extra data has a member whose name Umeng keeps for itself."),
        Reason("umeng_needs_alert", .ended, "Umeng takes no notification without an alert."),
        Reason("umeng.*", .ended, "Umeng refused it with the number that the code ends with."),
        Reason("jpush.1003", .ended, "JPush does not know the device's registration id."),
        Reason("jpush.1011", .ended, "JPush found no such device."),
        Reason("jpush.1000", .waits, "JPush has a problem of its own. It is tried again."),
        Reason("jpush.1030", .waits, "JPush has a problem of its own. It is tried again."),
        Reason("jpush_too_large", .ended, "The message is too large for JPush."),
        Reason("jpush.*", .ended, "JPush refused it with the number that the code ends with."),
        Reason("getui.successed_ignore", .ended, "Getui dropped it: the device was away for 90 days."),
        Reason("getui.not_named", .waits, "Getui did not say what it did for this device. It is sent alone."),
        Reason("getui.no_task", .waits, "Getui took a message and did not name it. It is tried again."),
        Reason("getui.20001", .ended, "Getui does not know the device. The device is unregistered."),
        Reason("getui_too_large", .ended, "The message is too large for Getui."),
        Reason("getui_needs_alert", .ended, "Getui takes no notification without an alert."),
        Reason("getui.*", .ended, "Getui refused it with the number that the code ends with."),
    ]

    /// The words are conditions of XMPP (RFC 6120 §8.3.3).
    private static let ofDistributors: [Reason] = [
        Reason("unifiedpush.unanswered", .waits, "The distributor did not answer. It is tried again."),
        Reason(
            "unifiedpush.elsewhere", .waits,
            "Another client of the account registered the endpoint; it is sent there."),
        Reason("unifiedpush.item-not-found", .ended, "The distributor does not know the application."),
        Reason("unifiedpush.feature-not-implemented", .ended, "The client takes no pushes."),
        Reason("unifiedpush.not_posted", .ended, "A distributor takes only what is posted to its endpoints."),
    ]
}
