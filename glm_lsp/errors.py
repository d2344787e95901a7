"""The one tree of errors.

```
GlmError
├── SettingsError          a setting cannot be used as it stands
├── NoKeyError             no API key was found
├── UnconfirmedHostError   nothing is sent there before the user has said so
├── ExcludedError          the file must not leave this machine
├── LocalModelError        the embedded model is not installed or does not load
├── ProviderError          the model's service did not do what was asked
│   ├── AuthenticationError    the key is wrong, expired or not allowed
│   ├── InvalidRequestError    the service refuses the request as such
│   │   ├── UnknownModelError      it knows no such model
│   │   ├── PromptTooLongError     the prompt does not fit the model's window
│   │   ├── UnsupportedFieldError  it refuses an optional field
│   │   └── UnsafeContentError     its content filter refuses
│   ├── QuotaError             no balance, or a plan's limit is reached
│   ├── RateLimitError         too many requests at once
│   ├── UnavailableError       overloaded, or failing on its side
│   ├── UnreachableError       no connection, or it was lost
│   ├── SlowError              a time-out ran out
│   └── WireError              the answer is not what the protocol says
├── ReplyError             the model answered, but not with something usable
│   └── FaultyAnswerError      asking again, with the fault named, may help
└── EditError              the editor did not take the edit
```

Invariants: `str(error)` is the one sentence a user reads and names what to do; it holds
neither keys nor file contents. Whether asking again may help is `retryable`, never read
from the text. Cancellation is not an error.
"""

from __future__ import annotations


class GlmError(Exception):
    """Something went wrong that one sentence can explain.

    Attributes:
        retryable: asking again, later, may succeed.
        detail: what the log may add (a status, a code); never keys or file contents.
    """

    retryable = False

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class SettingsError(GlmError):
    """A setting cannot be used as it stands."""


class NoKeyError(GlmError):
    """No API key was found."""


class UnconfirmedHostError(GlmError):
    """Nothing is sent to a host before the user has said so.

    Attributes:
        question: what to ask the user.
        host: how the host is called, for the answer's button.
        destination: what their answer is remembered for.
    """

    def __init__(self, message: str, *, question: str, host: str, destination: str) -> None:
        super().__init__(message)
        self.question = question
        self.host = host
        self.destination = destination


class ExcludedError(GlmError):
    """The file must not leave this machine."""


class LocalModelError(GlmError):
    """The embedded model is not installed or does not load."""


class ProviderError(GlmError):
    """The model's service did not do what was asked.

    Attributes:
        retry_after: seconds the service asks to wait, if it said so.
        status: the HTTP status, if there was one.
        code: the service's own error code ("1302", "unsupported_model_capability", …).
    """

    def __init__(
        self,
        message: str,
        *,
        detail: str = "",
        status: int | None = None,
        code: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, detail=detail)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class AuthenticationError(ProviderError):
    """The key is wrong, expired or not allowed."""


class InvalidRequestError(ProviderError):
    """The service refuses the request as such."""


class UnknownModelError(InvalidRequestError):
    """The service knows no such model."""


class PromptTooLongError(InvalidRequestError):
    """The prompt does not fit the model's window."""


class UnsupportedFieldError(InvalidRequestError):
    """The service refuses an optional field."""


class UnsafeContentError(InvalidRequestError):
    """The service's content filter refuses."""


class QuotaError(ProviderError):
    """No balance, or a plan's limit is reached."""


class RateLimitError(ProviderError):
    """Too many requests at once."""

    retryable = True


class UnavailableError(ProviderError):
    """The service is overloaded, or failing on its side."""

    retryable = True


class UnreachableError(ProviderError):
    """No connection to the service, or it was lost."""

    retryable = True


class SlowError(ProviderError):
    """A time-out ran out."""


class WireError(ProviderError):
    """The answer is not what the protocol says."""


class ReplyError(GlmError):
    """The model answered, but not with something usable."""


class FaultyAnswerError(ReplyError):
    """The answer cannot be used, but another one, to the fault named, may be.

    Attributes:
        fault: what is wrong with it, in words for the model.
    """

    retryable = True

    def __init__(self, message: str, *, fault: str, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.fault = fault


class EditError(GlmError):
    """The editor did not take the edit."""
