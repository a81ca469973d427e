letter-greeting = Good day,
letter-link-subject = A patient has shared a result with you on { $portal }
letter-link = a patient has shared a result with you on { $portal }.
letter-until = Available until
letter-writes = The patient writes:
letter-open = To open the result:
letter-pin-apart = It takes a PIN of 6 digits, which reaches you separately. If you did not expect this message, ignore it.
letter-pin-subject = The PIN for the result shared on { $portal }
letter-pin = this is the PIN to open the result that a patient has shared with you on { $portal }.

    PIN: { $pin }

    The link is in another e-mail. Do not tell the PIN to others.
letter-pin-sms = { $portal }: the PIN to open the result shared with you is { $pin }. The link comes by e-mail.
letter-opened-subject = Your share was opened
letter-opened = the recipient { $recipient } has opened for the first time the result that you share, on { $moment }.

    If you did not expect it, you can revoke the share at once:
    { $address }
letter-frozen-subject = One of your shares was blocked
letter-frozen = for the share of { $moment } the PIN was wrong too many times: for safety nobody can come in any more.

    You can arm it again, choose a new PIN or revoke it:
    { $address }
letter-back-subject = The result that you asked for is available
letter-back = the result shared with you on { $portal }, which was not available, is so now. To download it, open again the link that you got and enter the PIN.
