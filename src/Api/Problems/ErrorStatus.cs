using Fovea.Models.Errors;
using Grpc.Core;

namespace Fovea.Api.Problems;

/// <summary>Maps every kind of error to its HTTP status and its gRPC status. A kind without a status does not compile.</summary>
internal static class ErrorStatus
{
    // CS8524 demands a default case for numbers that are not members of the enum. But a default case would hide a member that is missing in
    // the switch. Without a default case, a missing member is a compile error (CS8509).
#pragma warning disable CS8524
    /// <summary>Returns the status of an error that only the service gives.</summary>
    public static int Of(ServiceError error) => error switch
    {
        ServiceError.MalformedRequest or ServiceError.ImageNotFetched => StatusCodes.Status400BadRequest,
        ServiceError.Unauthorized => StatusCodes.Status401Unauthorized,
        ServiceError.Forbidden => StatusCodes.Status403Forbidden,
        ServiceError.UnknownRoute or ServiceError.UnknownModel or ServiceError.UnknownDataset or ServiceError.UnknownJob =>
            StatusCodes.Status404NotFound,
        ServiceError.TooSlow => StatusCodes.Status408RequestTimeout,
        ServiceError.Conflict => StatusCodes.Status409Conflict,
        ServiceError.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ServiceError.UnsupportedMediaType => StatusCodes.Status415UnsupportedMediaType,
        ServiceError.Overloaded or ServiceError.RateLimited => StatusCodes.Status429TooManyRequests,
        ServiceError.TrainingFailed or ServiceError.Internal => StatusCodes.Status500InternalServerError,
        ServiceError.ModelUnavailable or ServiceError.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ServiceError.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
    };

    /// <summary>Returns the gRPC status of an error that only the service gives.</summary>
    public static StatusCode GrpcOf(ServiceError error) => error switch
    {
        ServiceError.MalformedRequest or ServiceError.ImageNotFetched => StatusCode.InvalidArgument,
        ServiceError.Unauthorized => StatusCode.Unauthenticated,
        ServiceError.Forbidden => StatusCode.PermissionDenied,
        // gRPC also uses this status for an unknown encoding of a message.
        ServiceError.UnknownRoute or ServiceError.UnsupportedMediaType => StatusCode.Unimplemented,
        ServiceError.UnknownModel or ServiceError.UnknownDataset or ServiceError.UnknownJob => StatusCode.NotFound,
        ServiceError.TooSlow or ServiceError.DeadlineExceeded => StatusCode.DeadlineExceeded,
        // The status is not UNAVAILABLE, because clients expect that UNAVAILABLE ends by itself.
        ServiceError.Conflict or ServiceError.ModelUnavailable => StatusCode.FailedPrecondition,
        ServiceError.TooLarge or ServiceError.Overloaded or ServiceError.RateLimited => StatusCode.ResourceExhausted,
        ServiceError.TrainingFailed or ServiceError.Internal => StatusCode.Internal,
        ServiceError.Unavailable => StatusCode.Unavailable,
    };

    /// <summary>Returns the gRPC status of an error of the library.</summary>
    public static StatusCode GrpcOf(ErrorCode code) => code switch
    {
        ErrorCode.EmptyBody or ErrorCode.BadArchitecture or ErrorCode.BadArgument or ErrorCode.NotAnImage or ErrorCode.DamagedImage
            or ErrorCode.TooManyPixels or ErrorCode.TooManyFrames or ErrorCode.BadModelFile or ErrorCode.BadDataset
            or ErrorCode.NonFiniteOutput => StatusCode.InvalidArgument,
        ErrorCode.UnknownArchitecture => StatusCode.NotFound,
        ErrorCode.DeviceUnavailable or ErrorCode.DownloadFailed => StatusCode.Internal,
        ErrorCode.CannotWrite => StatusCode.ResourceExhausted,
    };

    /// <summary>Returns the status of an error of the library.</summary>
    public static int Of(ErrorCode code) => code switch
    {
        ErrorCode.EmptyBody or ErrorCode.BadArchitecture or ErrorCode.BadArgument => StatusCodes.Status400BadRequest,
        ErrorCode.UnknownArchitecture => StatusCodes.Status404NotFound,
        ErrorCode.NotAnImage or ErrorCode.DamagedImage or ErrorCode.TooManyPixels or ErrorCode.TooManyFrames or ErrorCode.BadModelFile
            or ErrorCode.BadDataset or ErrorCode.NonFiniteOutput => StatusCodes.Status422UnprocessableEntity,
        ErrorCode.DeviceUnavailable or ErrorCode.DownloadFailed => StatusCodes.Status500InternalServerError,
        ErrorCode.CannotWrite => StatusCodes.Status507InsufficientStorage,
    };
#pragma warning restore CS8524
}
