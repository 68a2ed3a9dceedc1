using System.Text.Json.Serialization;

namespace Fovea.Models.Imaging;

/// <summary>The filters for resizing. All except nearest are antialiased: when an image is reduced, the filter becomes wider.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Interpolation>))]
public enum Interpolation
{
    /// <summary>A triangular filter, which is linear interpolation when an image is enlarged.</summary>
    [JsonStringEnumMemberName("bilinear")]
    Bilinear,

    /// <summary>Cubic convolution with the parameter -1/2.</summary>
    [JsonStringEnumMemberName("bicubic")]
    Bicubic,

    /// <summary>A windowed sinc function with three lobes.</summary>
    [JsonStringEnumMemberName("lanczos")]
    Lanczos,

    /// <summary>The value of the nearest pixel.</summary>
    [JsonStringEnumMemberName("nearest")]
    Nearest,
}
