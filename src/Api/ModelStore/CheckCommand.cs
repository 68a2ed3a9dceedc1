using System.Globalization;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// <c>--check VERSION MODEL BYTES BATCH</c>: loads a version from its folder and runs it as the service would serve it (<see
/// cref="ServingRehearsal"/>), within so much memory. A hostile file can crash or exhaust the process that loads it: this one, and not
/// the service.
/// </summary>
/// <remarks>
/// Each step is a line on standard output that begins with <see cref="Step"/>, so that the service knows what was done when the process
/// died. The reason of a refusal follows them. The process ends when its standard input does.
/// </remarks>
internal static class CheckCommand
{
    /// <summary>The argument that names the command.</summary>
    public const string Verb = "--check";

    /// <summary>The prefix of the lines of standard output that name the next step.</summary>
    public const string Step = "@ ";

    /// <summary>The exit code for a model that cannot be served; the reason is on standard output.</summary>
    public const int Refused = 3;

    /// <summary>Runs the command.</summary>
    /// <param name="version">The version's folder.</param>
    /// <param name="model">The model's folder.</param>
    /// <param name="bytes">The most bytes of memory, a whole number.</param>
    /// <param name="batch">The most images of a batch, a whole number.</param>
    /// <returns>0 if the model can be served, else <see cref="Refused"/>.</returns>
    public static int Run(string version, string model, string bytes, string batch)
    {
        ParentProcess.DieWith();

        // The runtime's own threads are no part of what the model takes.
        _ = Sessions.Version;
        long limit = long.Parse(bytes, CultureInfo.InvariantCulture), before = ProcessMemory.Private;
        ProcessMemory.Limit(limit);
        var (step, used) = ("", 0L);
        try
        {
            Begin("loading the file");
            using var classifier = ModelLoader.Load(version, model, Device.Cpu);
            using var rehearsal = new ServingRehearsal(classifier, int.Parse(batch, CultureInfo.InvariantCulture), Begin);
            rehearsal.Run();
            return 0;
        }
        catch (Exception e) when (ServingRehearsal.IsMemory(e))
        {
            Console.Out.Write($"The model needs more than the {limit:N0} bytes of memory that are allowed (Fovea:CheckMemoryBytes) to be "
                + $"served: it had {used:N0} bytes, and got no more for {step}.");
            return Refused;
        }
        catch (FoveaException e)
        {
            Console.Out.Write(e.Message);
            return Refused;
        }
        catch (Exception e)
        {
            Console.Out.Write($"The model cannot be run: {e.Message}");
            return Refused;
        }

        void Begin(string next)
        {
            (step, used) = (next, ProcessMemory.Private - before);
            Console.Out.WriteLine($"{Step}{next}");
        }
    }
}
