namespace Fovea.Api.Problems;

/// <summary>
/// The kinds of errors that only the service gives. A problem document has the name in snake case as its <c>code</c>. <see
/// cref="Models.Errors.ErrorCode"/> has the kinds of errors of the library Fovea.Models.
/// </summary>
internal enum ServiceError
{
    /// <summary>The request cannot be read: broken JSON, base64 or multipart, or an argument out of range.</summary>
    MalformedRequest,

    /// <summary>An image or a request has more bytes than allowed.</summary>
    TooLarge,

    /// <summary>The request declares a media type that the route does not accept.</summary>
    UnsupportedMediaType,

    /// <summary>The image at an address cannot be fetched, or may not be.</summary>
    ImageNotFetched,

    /// <summary>The body of a request arrives more slowly than allowed.</summary>
    TooSlow,

    /// <summary>The route needs an API key, and the request has none or an unknown one.</summary>
    Unauthorized,

    /// <summary>The key lacks the scope that the route needs. Or no key is configured, and the caller is not on this machine.</summary>
    Forbidden,

    /// <summary>The service has no such route, or the route does not support the method.</summary>
    UnknownRoute,

    /// <summary>The model does not exist, or does not have the version.</summary>
    UnknownModel,

    /// <summary>The data set, or its class or image, does not exist.</summary>
    UnknownDataset,

    /// <summary>The fine-tuning job does not exist.</summary>
    UnknownJob,

    /// <summary>The state of a model, a data set or a job does not allow the request.</summary>
    Conflict,

    /// <summary>The model exists but could not be loaded.</summary>
    ModelUnavailable,

    /// <summary>The service is starting or shutting down, or its database or its disk cannot be reached.</summary>
    Unavailable,

    /// <summary>The model has as many requests in flight as it accepts.</summary>
    Overloaded,

    /// <summary>A caller sends more requests in a minute, or more bytes at the same time, than allowed.</summary>
    RateLimited,

    /// <summary>The answer took longer than allowed.</summary>
    DeadlineExceeded,

    /// <summary>A fine-tuning job has failed.</summary>
    TrainingFailed,

    /// <summary>An error in the service itself.</summary>
    Internal,
}
