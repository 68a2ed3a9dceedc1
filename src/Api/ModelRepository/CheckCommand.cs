using System.Globalization;
using Fovea.Api.Processes;
using Fovea.Models.Errors;
using Fovea.Models.Runtime;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// <c>--check VERSION MODEL BYTES BATCH UPLOAD</c>: loads a version from its folder and runs it as the service would serve it (<see
/// cref="ServingRehearsal"/>), within a memory limit. An upload that other software made is adopted first. The command runs in a process
/// of its own, because a hostile file can crash or exhaust the process that loads it.
/// </summary>
/// <remarks>
/// Before each step the process writes a line that begins with <see cref="Step"/> to standard output, so the service knows the last step
/// if the process dies. The reason for a refusal follows the steps. The process ends when its standard input ends.
/// </remarks>
internal static class CheckCommand
{
    /// <summary>The command-line argument that selects this command.</summary>
    public const string Verb = "--check";

    /// <summary>The prefix of the lines on standard output that name the next step.</summary>
    public const string Step = "@ ";

    /// <summary>The exit code for a model that cannot be served; the reason is on standard output.</summary>
    public const int Refused = 3;

    /// <summary>Runs the command.</summary>
    /// <param name="version">The path of the version's folder.</param>
    /// <param name="model">The path of the model's folder.</param>
    /// <param name="bytes">The memory limit in bytes, a whole number.</param>
    /// <param name="batch">The largest number of images in a batch, a whole number.</param>
    /// <param name="upload">
    /// Whether the version is an upload: <c>true</c> or <c>false</c>. In an upload, a file that other software made is replaced by its
    /// adopted form.
    /// </param>
    /// <returns>0 if the model can be served or is a base for fine-tuning; otherwise <see cref="Refused"/>.</returns>
    public static int Run(string version, string model, string bytes, string batch, string upload)
    {
        ParentProcess.DieWith();

        // Loads ONNX Runtime before the memory in use is measured, so that its own memory does not count as memory of the model.
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
                    // The file is a base for fine-tuning, and the service never runs such a file.
                    return 0;
                }

                // Adoption read the weights into managed memory, which counts against the limit. ONNX Runtime's allocations do not trigger
                // .NET's garbage collector, so this memory is freed here.
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
                + $"served: it used {used:N0} bytes and could get no more for {step}.");
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
