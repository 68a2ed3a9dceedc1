using System.Globalization;
using System.Text.RegularExpressions;

namespace Fovea.Models;

/// <summary>How people write the size of an input: 3x224x224.</summary>
public static partial class InputSize
{
    /// <summary>The shape [C, H, W] that the text means; null for null.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArgument"/>: it is written otherwise.</exception>
    public static Shape? Parse(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var match = Pattern().Match(text);
        return match.Success
            ? new Shape([.. match.Groups.Values.Skip(1).Select(g => int.Parse(g.Value, CultureInfo.InvariantCulture))])
            : throw new FoveaException(ErrorCode.BadArgument, $"The input size {text} cannot be read; expected CHANNELSxHEIGHTxWIDTH, such as 3x224x224.");
    }

    [GeneratedRegex(@"^([0-9]{1,5})x([0-9]{1,5})x([0-9]{1,5})\z")]
    private static partial Regex Pattern();
}
