using System.Globalization;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// <c>--check VERSION MODEL BYTES</c>: loads the model file of a version's folder, within so much memory, and classifies with it once. What a file can do to
/// the process that loads it is done to this one, not to the service.
/// </summary>
internal static class CheckCommand
{
    /// <summary>The argument that names it.</summary>
    public const string Verb = "--check";

    /// <summary>The exit code for a file that cannot be used; the reason is on standard output.</summary>
    public const int Refused = 3;

    /// <summary>The exit code: 0 if the model can be served.</summary>
    public static int Run(string version, string model, string bytes)
    {
        ProcessMemory.Limit(long.Parse(bytes, CultureInfo.InvariantCulture));
        try
        {
            // Loading classifies once.
            ModelLoader.Load(version, model, Device.Cpu).Dispose();
            return 0;
        }
        catch (FoveaException e)
        {
            Console.Out.Write(e.Message);
            return Refused;
        }
        catch (Exception e)
        {
            // A run that fails, or memory that is not to be had.
            Console.Out.Write($"The model cannot be run: {e.Message}");
            return Refused;
        }
    }
}
