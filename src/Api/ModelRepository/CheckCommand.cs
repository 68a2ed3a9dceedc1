using System.Globalization;
using Fovea.Api.Processes;
using Fovea.Models.Errors;
using Fovea.Models.Runtime;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// <c>--check VERSION MODEL BYTES BATCH UPLOAD</c>: loads a version from its folder and runs it as the service would serve it (<see
/// cref="ServingRehearsal"/>), within a limit of memory. An upload from elsewhere is adopted before. A hostile file can crash or exhaust
/// the process that loads it; the separate process keeps that from the service.
/// </summary>
/// <remarks>
/// Each step is a line on standard output that begins with <see cref="Step"/>, so that the service knows the last step if the process dies.
/// The reason of a refusal follows the steps. The process ends when its standard input ends.
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
    /// <param name="upload">
    /// Whether the version is an upload, true or false. A file from elsewhere is then replaced by its adopted form.
    /// </param>
    /// <returns>0 if the model can be served, or is a base for fine-tuning; else <see cref="Refused"/>.</returns>
    public static int Run(string version, string model, string bytes, string batch, string upload)
    {
        ParentProcess.DieWith();

        // The memory of .NET's own threads does not count as memory of the model.
        _ = Sessions.Version;
        long limit = long.Parse(bytes, CultureInfo.InvariantCulture), before = ProcessMemory.Private;
        ProcessMemory.Limit(limit);
        var (step, used) = ("", 0L);
        try
        {
            var (file, json) = (Path.Combine(version, VersionFolder.ModelFile), Path.Combine(version, VersionFolder.JsonFile));
            if (bool.Parse(upload))
            {
                Begin("reading the file");
                if (!ModelLoader.AdoptUpload(file, json, model))
                {
                    // It is a base for fine-tuning, which the service never runs.
                    return 0;
                }

                // Adoption held the weights. ONNX Runtime's memory counts too, and does not make .NET collect.
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            }

            Begin("loading the file");
            using var classifier = ModelLoader.Load(file, json, model, Device.Cpu);
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
        catch (RefusalException e)
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
