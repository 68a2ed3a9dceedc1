namespace Fovea.Api.Requests;

/// <summary>How a body carries images.</summary>
internal enum BodyKind
{
    /// <summary>One image file, as it is.</summary>
    Image,

    /// <summary>JSON with one image file in base64.</summary>
    Json,

    /// <summary>A multipart form with one or several image files.</summary>
    Form,
}
