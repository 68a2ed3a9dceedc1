using System.Text.Json.Serialization;

namespace Fovea.Models.Imaging;

/// <summary>The channels of a network's input.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ColorOrder>))]
public enum ColorOrder
{
    /// <summary>Red, green, blue.</summary>
    [JsonStringEnumMemberName("RGB")]
    Rgb,

    /// <summary>Blue, green, red.</summary>
    [JsonStringEnumMemberName("BGR")]
    Bgr,

    /// <summary>One channel of brightness (ITU-R BT.601).</summary>
    Gray,
}
