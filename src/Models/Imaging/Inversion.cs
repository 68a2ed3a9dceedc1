using System.Text.Json.Serialization;

namespace Fovea.Models.Imaging;

/// <summary>Whether images are searched for a handwritten digit.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Inversion>))]
public enum Inversion
{
    /// <summary>The image is not searched for handwriting, and its values are not inverted.</summary>
    [JsonStringEnumMemberName("never")]
    Never,

    /// <summary>
    /// The image shows a handwritten digit of any size and position, dark on light or light on dark. The digit is drawn in the form of
    /// MNIST: light on black, in a box of 20 of 28 pixels, with the centre of mass in the middle, and with thin strokes thickened. If the
    /// image already has this form, its values do not change, or become 255 - value if it is dark on light. A blank image becomes black.
    /// Only for networks that read digits.
    /// </summary>
    [JsonStringEnumMemberName("auto")]
    Auto,
}
