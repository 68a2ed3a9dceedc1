namespace Fovea.Models.Errors;

/// <summary>
/// The kind of an error of the library, for callers that decide by it. The service has further kinds of its own. The <c>code</c> of an HTTP
/// problem document is the name in snake case.
/// </summary>
public enum ErrorCode
{
    /// <summary>An image, a file or a request of 0 bytes.</summary>
    EmptyBody,

    /// <summary>The bytes are no image of a known format.</summary>
    NotAnImage,

    /// <summary>The image is truncated or its data are corrupt.</summary>
    DamagedImage,

    /// <summary>The image has more pixels than allowed.</summary>
    TooManyPixels,

    /// <summary>The image has more frames than allowed.</summary>
    TooManyFrames,

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

    /// <summary>A download that failed or whose checksum is wrong.</summary>
    DownloadFailed,
}
