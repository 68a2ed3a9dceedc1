using System.Text.Json.Serialization;

namespace Fovea.Models.Imaging;

/// <summary>The order of the numbers of a colour image.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PixelLayout>))]
public enum PixelLayout
{
    /// <summary>All red values, then all green ones, then all blue ones, each row by row.</summary>
    [JsonStringEnumMemberName("NCHW")]
    ChannelsFirst,

    /// <summary>Red, green and blue of each pixel side by side.</summary>
    [JsonStringEnumMemberName("NHWC")]
    ChannelsLast,
}
