using System.Globalization;
using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Api.Storage;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;

namespace Fovea.Api.ModelRepository;

/// <summary>Adds, deletes, publishes, loads and unloads versions. A change that is refused or fails changes nothing.</summary>
/// <remarks>
/// Other services may change the same repository at the same time, and nothing locks the repository. So each change is one rename. After
/// the rename, this class checks for a contradicting change by another service: it may have deleted the version that was published here,
/// or published the version that was deleted here.
/// </remarks>
internal sealed class ModelAdministration(
    Settings settings,
    ModelStoreSettings limits,
    FineTuningSettings roles,
    ModelStore models,
    ModelCheck check,
    ILogger<ModelAdministration> log)
{
    private const string Place = "The model repository";

    /// <summary>
    /// Adds an uploaded version after <see cref="ModelCheck"/> has tried it. The version serves if it has the highest number and no version
    /// was published.
    /// </summary>
    /// <exception cref="RefusalException">
    /// The name or the number is not allowed, the version exists, the upload is invalid, or the repository cannot be written to.
    /// </exception>
    public async Task<StoredModel> Upload(string name, string version, HttpRequest request, CancellationToken stop)
    {
        var number = ModelNames.CheckVersion(version);
        var place = new VersionPlace(models.PathOf(ModelNames.CheckModel(name)), number);
        place.RefuseTaken();
        using var staging = new StagingFolder(settings.ModelRepository, Place);
        await new ModelUpload(request, staging, limits.MaxModelBytes).Receive(stop);
        await check.Run(staging.Path, place.Model, isUpload: true, stop);
        RefuseLarge(Path.Combine(staging.Path, VersionFolder.ModelFile));
        return await models.Change(name, async model =>
        {
            await model.Change(Act(staging, () => place.MoveIn(staging)), CancellationToken.None);
            return Logged(model, $"version {number} uploaded");
        });
    }

    /// <summary>
    /// Adds a file that fine-tuning has made as a version, after <see cref="ModelCheck"/> has tried it. If a process was killed during this
    /// call, the next process may repeat the call with the same file.
    /// </summary>
    /// <param name="name">The model's name.</param>
    /// <param name="number">The version's number.</param>
    /// <param name="file">The path of the .onnx file, which is copied.</param>
    /// <param name="publish">
    /// Whether the added version serves. If false, the version that served before keeps serving; a new model does not serve yet.
    /// </param>
    /// <param name="right">
    /// Whether the version may still be added; asked immediately before it is moved in, and again before it is published.
    /// </param>
    /// <param name="stop">Cancels the call before anything is changed.</param>
    /// <returns>True if the version now has this file; false if the repository has another file under this number.</returns>
    /// <exception cref="RefusalException">The file cannot be used, or the repository cannot be written to.</exception>
    public async Task<bool> Add(string name, int number, string file, bool publish, AddingRight right, CancellationToken stop)
    {
        var place = new VersionPlace(models.PathOf(ModelNames.CheckModel(name)), number);
        using var staging = new StagingFolder(settings.ModelRepository, Place);
        if (!place.IsTaken)
        {
            using var source = File.OpenRead(file);
            await staging.Receive(source, VersionFolder.ModelFile, long.MaxValue, stop);
            await check.Run(staging.Path, place.Model, isUpload: false, stop);
        }

        await right.Confirm();
        return await models.Change(name, async model =>
        {
            bool isOurs = true;
            var act = Act(staging, () =>
            {
                isOurs = MoveIn(staging, place, file, publish, right);
            });

            // A process that only trains changes the folder but does not load the model.
            await (roles.Serves ? model.Change(act, CancellationToken.None) : act());
            log.ModelChanged(name, $"version {number} added", model.Now.Outcome);
            return isOurs;
        });
    }

    /// <summary>
    /// Deletes a version that does not serve. A model's only version may be deleted even if it serves; the model is deleted with it.
    /// </summary>
    /// <exception cref="RefusalException"><see cref="ServiceError.UnknownModel"/>: the version does not exist, or another service has
    /// deleted it. <see cref="ServiceError.Conflict"/>: the version serves. <see cref="ErrorCode.CannotWrite"/>.</exception>
    public async Task Delete(string name, string number, CancellationToken stop)
    {
        _ = models.Find(name).Find(number);
        using var staging = new StagingFolder(settings.ModelRepository, Place);
        await models.Change(name, async model =>
        {
            await model.Change(
                Act(staging, () =>
                {
                    var place = VersionPlace.Of(model.Find(number));
                    place.MoveOut(staging, (model.Now.Serving ?? model.Now.Wanted)?.Number);
                }),
                stop);
            return Logged(model, $"version {number} deleted");
        });
    }

    /// <summary>Makes a version serve from now on, even if versions with higher numbers are added.</summary>
    /// <exception cref="RefusalException"><see cref="ServiceError.UnknownModel"/>: the version does not exist, or another service has
    /// deleted it. <see cref="ServiceError.ModelUnavailable"/>: the version cannot be loaded. <see cref="ErrorCode.CannotWrite"/>.
    /// </exception>
    public async Task<StoredModel> Publish(string name, string number, CancellationToken stop)
    {
        var model = models.Find(name);
        await model.Change(() => Choose(model, number), stop);
        return Logged(model, $"version {number} published");
    }

    /// <summary>
    /// Publishes the version that served before the last publication. If that version is unknown, publishes the next lower version.
    /// </summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Conflict"/>: no version served before, and no version has a lower number.
    /// Other errors are those of <see cref="Publish"/>.</exception>
    public async Task<StoredModel> Rollback(string name, CancellationToken stop)
    {
        var model = models.Find(name);
        await model.Change(
            async () =>
            {
                var now = model.Now;
                int? serving = (now.Serving ?? now.Wanted)?.Number;
                var previous = ModelFolder.ReadNumber(model.Folder, ModelFolder.Previous) is { } before ? now.Find(before) : null;
                var target = previous is not null && previous.Number != serving
                    ? previous
                    : now.Versions.LastOrDefault(version => version.Number < serving);
                await Choose(model, target?.Number.ToString(CultureInfo.InvariantCulture) ?? throw new ServiceException(
                    ServiceError.Conflict,
                    $"{name} cannot go back: no version served before version {serving}, and no version has a lower number."));
                new VersionChoice(model.Folder).Forget(ModelFolder.Previous);
            },
            stop);
        return Logged(model, "rolled back");
    }

    /// <summary>Loads a model from the current contents of its folder.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownModel"/>: the model does not exist.
    /// <see cref="ServiceError.ModelUnavailable"/>: the model cannot be loaded; the version that served before keeps serving.</exception>
    public Task<StoredModel> Load(string name, CancellationToken stop) => models.Change(ModelNames.CheckModel(name), async model =>
    {
        await model.Switch(unload: false, stop);
        model = models.Find(name);
        return model.Now.Reason is { } reason
            ? throw new ServiceException(ServiceError.ModelUnavailable, $"{name} was not loaded. {reason}")
            : Logged(model, "loaded");
    });

    /// <summary>Frees a model's memory as soon as no request uses it. The model answers again after <see cref="Load"/>.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownModel"/>.</exception>
    public async Task<StoredModel> Unload(string name, CancellationToken stop)
    {
        var model = models.Find(name);
        await model.Switch(unload: true, stop);
        return Logged(model, "unloaded");
    }

    // Loads the version before publishing it, so that a version that cannot be loaded is never published.
    private static async Task Choose(StoredModel model, string number)
    {
        var version = model.Find(number);
        var place = VersionPlace.Of(version);
        try
        {
            using var lease = model.Now.IsUnloaded ? null : await model.Serve(number);
        }
        catch (ServiceException e) when (e.Error == ServiceError.ModelUnavailable && !place.IsTaken)
        {
            throw place.Gone();
        }

        place.Publish((model.Now.Serving ?? model.Now.Wanted)?.Number);
    }

    // Nothing locks the repository, so a worker may lose its right to add the version between the check and the change that follows. Only
    // a few instructions run between the two.
    private static bool MoveIn(StagingFolder staging, VersionPlace place, string file, bool publish, AddingRight right)
    {
        right.Check();
        if (!place.IsTaken)
        {
            if (!publish && ModelFolder.Read(place.Model) is { Chosen: null } before)
            {
                // If the file named default did not exist, the highest version would serve, and that is now the added one.
                new VersionChoice(place.Model).Write(
                    ModelFolder.Default, before.Serving?.Number.ToString(CultureInfo.InvariantCulture) ?? ModelFolder.None);
            }

            place.MoveIn(staging);
        }

        bool isOurs = FileHash.AreEqual(file, Path.Combine(place.Path, VersionFolder.ModelFile));
        if (isOurs && publish)
        {
            // Moving and hashing a large file takes seconds. Meanwhile the right may be lost and another version may be chosen.
            if (ModelFolder.Read(place.Model) is { Chosen: { } chosen } now && chosen != $"{place.Number}")
            {
                right.Check();
                place.Publish(now.Serving?.Number);
            }
        }

        return isOurs;
    }

    // Adoption may write a larger file than the uploaded one, for example for sparse tensors.
    private void RefuseLarge(string file)
    {
        // Adoption adds labels and preprocessing, which may come from other files of the upload.
        long most = (long)limits.MaxModelBytes + ModelUpload.MostBesideBytes;
        if (new FileInfo(file).Length is var bytes && bytes > most)
        {
            throw new ServiceException(
                ServiceError.TooLarge,
                $"The adopted form of the model is {bytes:N0} bytes; expected at most {most:N0}, which is Fovea:MaxModelBytes and 16 MiB.");
        }
    }

    private StoredModel Logged(StoredModel model, string change)
    {
        log.ModelChanged(model.Name, change, model.Now.Outcome);
        return model;
    }

    private static Func<Task> Act(StagingFolder staging, Action act) => () =>
    {
        staging.Write(act);
        return Task.CompletedTask;
    };
}
