namespace Fovea.Client.Tests.Hosting;

/// <summary>The sample images of the repository.</summary>
internal static class Samples
{
    /// <summary>The path of the image of a digit.</summary>
    public static string Digit(int digit) => Path.Combine(AppContext.BaseDirectory, "samples", $"{digit}.png");
}
