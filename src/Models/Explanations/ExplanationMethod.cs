using System.Text.Json;
using Fovea.Models.Errors;

namespace Fovea.Models.Explanations;

/// <summary>A method that says which places of an image speak for a class.</summary>
public enum ExplanationMethod
{
    /// <summary>
    /// Grad-CAM (Selvaraju et al., 2017): the channels of a feature map, weighted by the mean gradient of the class's logit. It costs
    /// little more than one run of the network.
    /// </summary>
    GradCam,

    /// <summary>
    /// RISE (Petsiuk et al., 2018): the mean of random masks, weighted by the class's probability under each. It needs no gradient, and
    /// costs 512 runs.
    /// </summary>
    Rise,

    /// <summary>
    /// Integrated gradients (Sundararajan et al., 2017): the pixels' difference from black times the mean gradient of the class's logit on
    /// the way from black. It costs as much as 32 forward and backward runs.
    /// </summary>
    IntegratedGradients,
}

/// <summary>The names of the methods in commands and requests: grad-cam, rise and integrated-gradients.</summary>
public static class ExplanationMethods
{
    /// <summary>All names, the default first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<ExplanationMethod>().Select(NameOf)];

    /// <summary>The name of a method.</summary>
    public static string NameOf(ExplanationMethod method) => JsonNamingPolicy.KebabCaseLower.ConvertName($"{method}");

    /// <summary>The method of a name; Grad-CAM for <c>null</c> or an empty name.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArgument"/>: there is no such method.</exception>
    public static ExplanationMethod Parse(string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return ExplanationMethod.GradCam;
        }

        var found = Enum.GetValues<ExplanationMethod>()
            .Where(method => NameOf(method).Equals(name, StringComparison.OrdinalIgnoreCase)).ToArray();
        return found is [var only]
            ? only
            : throw new FoveaException(ErrorCode.BadArgument, $"The method is {name}; expected one of {string.Join(", ", Names)}.");
    }
}
