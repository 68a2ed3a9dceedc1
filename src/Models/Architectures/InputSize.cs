using System.Globalization;
using System.Text.RegularExpressions;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Architectures;

/// <summary>Parses the size of an input as users write it: CHANNELSxHEIGHTxWIDTH, such as 3x224x224.</summary>
public static partial class InputSize
{
    /// <summary>Returns the shape [C, H, W]; <c>null</c> if the text is <c>null</c>. Ranges are not checked.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArgument"/>: the text has another form.</exception>
    public static Shape? Parse(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var match = Pattern().Match(text);
        return match.Success
            ? new Shape([.. match.Groups.Values.Skip(1).Select(g => int.Parse(g.Value, CultureInfo.InvariantCulture))])
            : throw new FoveaException(
                ErrorCode.BadArgument, $"The input size is {text}; expected CHANNELSxHEIGHTxWIDTH, such as 3x224x224.");
    }

    [GeneratedRegex(@"^([0-9]{1,5})x([0-9]{1,5})x([0-9]{1,5})\z")]
    private static partial Regex Pattern();
}
