using System.Diagnostics.CodeAnalysis;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>One version of a model: a file that is loaded when it is first wanted, once, however many want it.</summary>
internal sealed class ModelVersion
{
    private readonly Lazy<Task<ServedModel>> loading;

    public ModelVersion(string model, int number, string folder, Func<ModelVersion, ServedModel> load)
    {
        (Model, Number, Folder) = (model, number, folder);
        loading = new(() => Task.Run(() => load(this)));
        Summary = new(model, File);
    }

    /// <summary>The model's name.</summary>
    public string Model { get; }

    /// <summary>The version, from 1.</summary>
    public int Number { get; }

    /// <summary>The version's folder.</summary>
    public string Folder { get; }

    /// <summary>The .onnx file.</summary>
    public string File => Path.Combine(Folder, "model.onnx");

    /// <summary>What it consists of.</summary>
    public VersionSummary Summary { get; }

    /// <summary>Whether it can answer.</summary>
    public ModelState State => !loading.IsValueCreated || !loading.Value.IsCompleted ? ModelState.Loading
        : loading.Value.IsCompletedSuccessfully ? ModelState.Ready
        : ModelState.Failed;

    /// <summary>Why it failed, else null.</summary>
    public string? Reason => State == ModelState.Failed ? loading.Value.Exception!.InnerException!.Message : null;

    /// <summary>Loads it where that has not begun, and waits for it.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.ModelUnavailable"/>: it cannot be loaded.</exception>
    public Task<ServedModel> Load() => loading.Value;

    /// <summary>What was loaded, where that is done.</summary>
    public bool IsReady([NotNullWhen(true)] out ServedModel? served)
    {
        served = State == ModelState.Ready ? loading.Value.Result : null;
        return served is not null;
    }
}
