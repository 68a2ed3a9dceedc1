namespace Fovea.Models;

/// <summary>
/// What went wrong, for callers that decide by it: the <c>code</c> of an HTTP problem document is this name
/// in snake case.
/// </summary>
public enum ErrorCode
{
    /// <summary>The request had no body, or a part of it was empty.</summary>
    EmptyBody,

    /// <summary>The request cannot be read: broken JSON, base64 or multipart, or an argument out of range.</summary>
    MalformedRequest,

    /// <summary>An image or a request is larger than allowed, in bytes.</summary>
    TooLarge,

    /// <summary>The request declares a media type that is no image.</summary>
    UnsupportedMediaType,

    /// <summary>The bytes are no image of a known format.</summary>
    NotAnImage,

    /// <summary>The image is truncated or its data are corrupt.</summary>
    DamagedImage,

    /// <summary>The image has more pixels than allowed.</summary>
    TooManyPixels,

    /// <summary>The image has more frames than allowed.</summary>
    TooManyFrames,

    /// <summary>No model of that name, or no such version of it.</summary>
    UnknownModel,

    /// <summary>No data set of that name.</summary>
    UnknownDataset,

    /// <summary>The model exists but could not be loaded.</summary>
    ModelUnavailable,

    /// <summary>A route, or its method, that the service does not have.</summary>
    UnknownRoute,

    /// <summary>The service is starting or shutting down.</summary>
    Unavailable,

    /// <summary>As many requests as a model takes are under way.</summary>
    Overloaded,

    /// <summary>One caller sends more requests in a minute, or more at the same time, than allowed.</summary>
    RateLimited,

    /// <summary>The body of a request arrives more slowly than allowed.</summary>
    TooSlow,

    /// <summary>The answer took longer than allowed.</summary>
    DeadlineExceeded,

    /// <summary>No architecture of that name in the catalog.</summary>
    UnknownArchitecture,

    /// <summary>An argument that an architecture cannot take.</summary>
    BadArchitecture,

    /// <summary>A model file that is not ONNX, is damaged, or uses what is not supported.</summary>
    BadModelFile,

    /// <summary>The network gave a number that is not finite, so there is no answer.</summary>
    NonFiniteOutput,

    /// <summary>A data set that is missing, damaged or does not fit the network.</summary>
    BadDataset,

    /// <summary>An output that cannot be written.</summary>
    CannotWrite,

    /// <summary>A command-line argument or setting out of its range.</summary>
    BadArgument,

    /// <summary>CUDA was asked for and does not work.</summary>
    DeviceUnavailable,

    /// <summary>The route wants an API key, and none was given, or none that is known.</summary>
    Unauthorized,

    /// <summary>The route writes, there is no key to open it with, and the caller is not on this machine.</summary>
    Forbidden,

    /// <summary>The request cannot be carried out on a model as it is now.</summary>
    Conflict,

    /// <summary>No fine-tuning job of that name.</summary>
    UnknownJob,

    /// <summary>A fine-tuning job that failed.</summary>
    TrainingFailed,

    /// <summary>A download that failed or whose checksum is wrong.</summary>
    DownloadFailed,

    /// <summary>A fault of Fovea itself.</summary>
    Internal,
}
