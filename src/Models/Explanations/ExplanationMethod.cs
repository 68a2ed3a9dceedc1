using System.Text.Json;
using Fovea.Models.Errors;

namespace Fovea.Models.Explanations;

/// <summary>A method that finds which places of an image are evidence for a class.</summary>
public enum ExplanationMethod
{
    /// <summary>
    /// Grad-CAM (Selvaraju et al., 2017): the sum of a feature map's channels, weighted by the mean gradient of the class's logit. It takes
    /// little more time than one run of the network.
    /// </summary>
    GradCam,

    /// <summary>
    /// RISE (Petsiuk et al., 2018): the mean of random masks, weighted by the probability of the class when the image is masked. It needs
    /// no gradient and runs the network on 512 images.
    /// </summary>
    Rise,

    /// <summary>
    /// Integrated gradients (Sundararajan et al., 2017): each pixel's difference from black, times the mean gradient of the class's logit
    /// between a black image and the image. It runs the network forward and backward on 32 images.
    /// </summary>
    IntegratedGradients,
}

/// <summary>The names of the methods in commands and requests: grad-cam, rise and integrated-gradients.</summary>
public static class ExplanationMethods
{
    /// <summary>The names of all methods, the default method first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<ExplanationMethod>().Select(NameOf)];

    /// <summary>Returns the name of a method, such as grad-cam.</summary>
    public static string NameOf(ExplanationMethod method) => JsonNamingPolicy.KebabCaseLower.ConvertName($"{method}");

    /// <summary>Returns the method with a name; Grad-CAM for <c>null</c> or an empty name.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArgument"/>: no method has this name.</exception>
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
