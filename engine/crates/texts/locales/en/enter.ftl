enter-title = Result shared with you
enter-says = A patient has shared a radiology result with you. You need the PIN of 6 digits to open it.
enter-where = The PIN comes to you separately: with another e-mail, a text message, or from the patient.
enter-submit = Open the result
enter-wrong = { $left ->
    [0] The PIN is wrong.
    [one] The PIN is wrong. You have one more try before a pause.
   *[other] The PIN is wrong. You have { $left } more tries before a pause.
}
enter-pause = Too many tries
enter-pause-says = The PIN is wrong. For safety you can try again after { $moment }.
enter-pause-advice = If you cannot find the PIN, ask the patient. The link stays valid.
enter-again = Try again
enter-frozen = Share locked
enter-frozen-says = The PIN was wrong too many times: for safety nobody can open this result any more.
enter-frozen-advice = The patient has been told: ask for the share to be re-armed.
enter-nothing = This share is not available
enter-nothing-says = The link is not valid, has expired, or was revoked.
enter-nothing-advice = Ask the patient to share the result again: you will get a new link.
enter-shared-by = Shared with you by { $name }, until { $moment }.
enter-tell = Tell me by e-mail when it is available: { $name }
