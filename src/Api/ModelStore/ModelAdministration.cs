using System.Globalization;
using System.Text;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>Changes the repository, and what is served with it. Whatever is refused or fails changes nothing.</summary>
internal sealed class ModelAdministration(Settings settings, ModelStoreSettings limits, FineTuningSettings roles, ModelStore models, ModelCheck check, ILogger<ModelAdministration> log)
{
    private const string Place = "The model repository";

    /// <summary>Takes a new version, once it was loaded and has classified in a process of its own. It serves where it is the highest and none was published.</summary>
    /// <exception cref="FoveaException">The names cannot be, the version exists, the upload cannot be used, or the repository cannot be written to.</exception>
    public async Task<StoredModel> Upload(string name, string version, HttpRequest request, CancellationToken stop)
    {
        var number = ModelNames.CheckVersion(version);
        var model = models.At(ModelNames.CheckModel(name));
        var place = Path.Combine(model.Folder, number.ToString(CultureInfo.InvariantCulture));
        RefuseWhereTaken();
        using var staging = new StagingFolder(settings.ModelRepository, Place);
        await new ModelUpload(request, staging, limits.MaxModelBytes).Receive(stop);
        await check.Run(staging.Path, model.Folder, stop);
        await model.Change(Act(staging, () =>
        {
            RefuseWhereTaken();
            Directory.CreateDirectory(model.Folder);
            Directory.Move(staging.Path, place);
        }), CancellationToken.None);
        return Logged(model, $"version {number} uploaded");

        void RefuseWhereTaken()
        {
            if (Path.Exists(place))
            {
                throw new FoveaException(ErrorCode.Conflict, $"{name} has a version {number} already; expected a number that is free, since a version never changes.");
            }
        }
    }

    /// <summary>
    /// Takes a file of our own as a version, once it was loaded and has classified in a process of its own. It may be called again for the same file, after a process was killed in the middle.
    /// </summary>
    /// <param name="name">The model.</param>
    /// <param name="number">The version.</param>
    /// <param name="file">The .onnx file, which is copied.</param>
    /// <param name="publish">Whether it is to serve; otherwise what serves now goes on, or nothing does.</param>
    /// <param name="stop">Gives up before anything is changed.</param>
    /// <returns>Whether this version is that file now; false where it is another.</returns>
    /// <exception cref="FoveaException">The file cannot be used, or the repository cannot be written to.</exception>
    public async Task<bool> Add(string name, int number, string file, bool publish, CancellationToken stop)
    {
        var model = models.At(ModelNames.CheckModel(name));
        var place = Path.Combine(model.Folder, $"{number}");
        using var staging = new StagingFolder(settings.ModelRepository, Place);
        if (!Path.Exists(place))
        {
            using var source = File.OpenRead(file);
            await staging.Receive(source, VersionFolder.ModelFile, long.MaxValue, stop);
            await check.Run(staging.Path, model.Folder, stop);
        }

        bool isOurs = true;
        var act = Act(staging, () =>
        {
            var before = ModelFolder.Read(model.Folder);
            if (!Path.Exists(place))
            {
                Directory.CreateDirectory(model.Folder);
                if (!publish && before.Chosen is null)
                {
                    // The highest would serve otherwise.
                    Write(model, ModelFolder.Default, $"{before.Serving?.Number.ToString(CultureInfo.InvariantCulture) ?? ModelFolder.None}");
                }

                Directory.Move(staging.Path, place);
            }

            isOurs = JobFolder.AreEqual(file, Path.Combine(place, VersionFolder.ModelFile));
            if (isOurs && publish && before.Chosen is not null && before.Chosen != $"{number}")
            {
                WriteChoice(model, before.Serving?.Number, number);
            }
        });

        // A process that does not serve has no use for the model in its memory.
        await (roles.Serves ? model.Change(act, CancellationToken.None) : act());
        log.ModelChanged(name, $"version {number} added", model.Now.Serving?.Number);
        return isOurs;
    }

    /// <summary>Deletes a version that does not serve, or the only one, and the model with it.</summary>
    /// <exception cref="FoveaException">There is no such version, or it serves.</exception>
    public async Task Delete(string name, string number, CancellationToken stop)
    {
        var model = models.Find(name);
        using var staging = new StagingFolder(settings.ModelRepository, Place);
        await model.Change(Act(staging, () =>
        {
            var version = model.Find(number);
            bool isOnly = model.Now.Versions.Count == 1;
            if (!isOnly && version.Number == (model.Now.Serving ?? model.Now.Wanted)?.Number)
            {
                throw new FoveaException(ErrorCode.Conflict, $"Version {number} of {name} serves; publish another before deleting it.");
            }

            Directory.Move(version.Folder.Path, Path.Combine(staging.Path, number));
            if (isOnly)
            {
                File.Delete(Path.Combine(model.Folder, ModelFolder.Default));
                File.Delete(Path.Combine(model.Folder, ModelFolder.Previous));
                if (!Directory.EnumerateFileSystemEntries(model.Folder).Any())
                {
                    Directory.Delete(model.Folder);
                }
            }
        }), stop);
        Logged(model, $"version {number} deleted");
    }

    /// <summary>Makes a version the one that serves, from now on, whichever are added.</summary>
    /// <exception cref="FoveaException">There is no such version, or it cannot be loaded.</exception>
    public async Task<StoredModel> Publish(string name, string number, CancellationToken stop)
    {
        var model = models.Find(name);
        await model.Change(() => Choose(model, number), stop);
        return Logged(model, $"version {number} published");
    }

    /// <summary>Makes the version serve again that served before the last publishing, else the next lower one.</summary>
    /// <exception cref="FoveaException">There is none, or it cannot be loaded.</exception>
    public async Task<StoredModel> Rollback(string name, CancellationToken stop)
    {
        var model = models.Find(name);
        await model.Change(async () =>
        {
            var now = model.Now;
            int? serving = (now.Serving ?? now.Wanted)?.Number;
            var previous = ModelFolder.ReadNumber(model.Folder, ModelFolder.Previous) is { } before ? now.Find(before) : null;
            var target = previous is not null && previous.Number != serving ? previous : now.Versions.LastOrDefault(version => version.Number < serving);
            await Choose(model, target?.Number.ToString(CultureInfo.InvariantCulture)
                ?? throw new FoveaException(ErrorCode.Conflict, $"{name} cannot go back: no version served before version {serving}, and none is lower."));
            File.Delete(Path.Combine(model.Folder, ModelFolder.Previous));
        }, stop);
        return Logged(model, "rolled back");
    }

    /// <summary>Loads what the model's folder holds now.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.ModelUnavailable"/>: it cannot be loaded; what served goes on.</exception>
    public async Task<StoredModel> Load(string name, CancellationToken stop)
    {
        var model = models.At(ModelNames.CheckModel(name));
        await model.Switch(unload: false, stop);
        model = models.Find(name);
        return model.Now.Reason is { } reason ? throw new FoveaException(ErrorCode.ModelUnavailable, $"{name} was not loaded. {reason}") : Logged(model, "loaded");
    }

    /// <summary>Takes a model out of memory, as soon as nobody uses it any more; until it is loaded again.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnknownModel"/>.</exception>
    public async Task<StoredModel> Unload(string name, CancellationToken stop)
    {
        var model = models.Find(name);
        await model.Switch(unload: true, stop);
        return Logged(model, "unloaded");
    }

    // Loaded first, so that what cannot be loaded is not chosen.
    private static async Task Choose(StoredModel model, string number)
    {
        var version = model.Find(number);
        using var lease = model.Now.IsUnloaded ? null : await model.Serve(number);
        WriteChoice(model, (model.Now.Serving ?? model.Now.Wanted)?.Number, version.Number);
    }

    private static void WriteChoice(StoredModel model, int? before, int chosen)
    {
        if (before is not null && before != chosen)
        {
            Write(model, ModelFolder.Previous, $"{before}");
        }

        Write(model, ModelFolder.Default, $"{chosen}");
    }

    private static void Write(StoredModel model, string file, string value) => AtomicFile.Write(Path.Combine(model.Folder, file), stream => stream.Write(Encoding.ASCII.GetBytes($"{value}\n")));

    private StoredModel Logged(StoredModel model, string change)
    {
        log.ModelChanged(model.Name, change, model.Now.Serving?.Number);
        return model;
    }

    private static Func<Task> Act(StagingFolder staging, Action act) => () =>
    {
        staging.Write(act);
        return Task.CompletedTask;
    };
}
