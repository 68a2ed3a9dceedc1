namespace Fovea.Models.Errors;

/// <summary>
/// The kinds of errors of the library. The service adds kinds of its own. The <c>code</c> of an HTTP problem document is the kind's name in
/// snake case.
/// </summary>
public enum ErrorCode
{
    /// <summary>The image, the file or the request has 0 bytes.</summary>
    EmptyBody,

    /// <summary>The bytes are not an image of a known format.</summary>
    NotAnImage,

    /// <summary>The image is truncated or its data are corrupt.</summary>
    DamagedImage,

    /// <summary>The image has more pixels than allowed.</summary>
    TooManyPixels,

    /// <summary>The image has more frames than allowed.</summary>
    TooManyFrames,

    /// <summary>The catalog has no architecture with the given name.</summary>
    UnknownArchitecture,

    /// <summary>The architecture does not support an argument, such as the image size or the number of classes.</summary>
    BadArchitecture,

    /// <summary>A model file is not ONNX, is damaged, or has unsupported content.</summary>
    BadModelFile,

    /// <summary>The network computed NaN or infinity for the image, so there is no answer.</summary>
    NonFiniteOutput,

    /// <summary>A data set is missing, is damaged, or does not fit the network.</summary>
    BadDataset,

    /// <summary>A file cannot be written.</summary>
    CannotWrite,

    /// <summary>A command-line argument, a request parameter or a setting is invalid.</summary>
    BadArgument,

    /// <summary>The user chose CUDA, but it does not work on this machine.</summary>
    DeviceUnavailable,

    /// <summary>A download failed, or the checksum of the downloaded file is wrong.</summary>
    DownloadFailed,
}
