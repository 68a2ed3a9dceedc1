using System.Text.Json.Serialization;

namespace Fovea.Models.Imaging;

/// <summary>The filters of resizing. All but the nearest pixel are antialiased: where an image shrinks, the filter widens.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Interpolation>))]
public enum Interpolation
{
    /// <summary>A triangle.</summary>
    [JsonStringEnumMemberName("bilinear")]
    Bilinear,

    /// <summary>Cubic convolution with the parameter -1/2.</summary>
    [JsonStringEnumMemberName("bicubic")]
    Bicubic,

    /// <summary>A windowed sinc with three lobes.</summary>
    [JsonStringEnumMemberName("lanczos")]
    Lanczos,

    /// <summary>The value of the nearest pixel.</summary>
    [JsonStringEnumMemberName("nearest")]
    Nearest,
}
