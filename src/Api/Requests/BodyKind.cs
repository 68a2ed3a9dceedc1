namespace Fovea.Api.Requests;

/// <summary>The form in which a request's body has images.</summary>
internal enum BodyKind
{
    /// <summary>The bytes of one image file.</summary>
    Image,

    /// <summary>JSON with one image file in base64.</summary>
    Json,

    /// <summary>A multipart form with one or several image files.</summary>
    Form,
}
