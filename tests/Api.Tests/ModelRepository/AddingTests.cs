using Fovea.Api.ModelRepository;
using Fovea.Api.Tests.Hosting;
using Fovea.Models.Errors;
using Microsoft.Extensions.DependencyInjection;

namespace Fovea.Api.Tests.ModelRepository;

/// <summary>Versions that fine-tuning adds, and the right to add them.</summary>
public sealed class AddingTests
{
    private static readonly AddingRight Right = new(() => Task.CompletedTask, () => { });

    [Fact]
    public async Task Version_without_the_right_to_add_it_leaves_no_folder()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await Start(repository);
        var lost = Right with { Check = () => throw new FoveaException(ErrorCode.CannotWrite, "the lease is lost.") };
        await Assert.ThrowsAsync<FoveaException>(() => service.Add("new", 1, lost));
        await Assert.ThrowsAsync<FoveaException>(() => service.Add("lenet5", 2, lost));
        Assert.False(Directory.Exists(Path.Combine(repository.Folder, "new")));
        Assert.False(Directory.Exists(Path.Combine(repository.Folder, "lenet5", "2")));
    }

    [Fact]
    public async Task Right_that_is_lost_while_the_version_is_moved_in_keeps_it_from_serving()
    {
        using var repository = new Repository().With("lenet5", 1).WithFile("lenet5/default", "1");
        await using var service = await Start(repository);
        int asked = 0;
        var lost = Right with
        {
            Check = () => _ = ++asked == 1 ? 0 : throw new FoveaException(ErrorCode.CannotWrite, "the lease is lost."),
        };
        await Assert.ThrowsAsync<FoveaException>(() => service.Add("lenet5", 2, lost));
        Assert.Equal("1", Default(repository));

        // The process that has the right now repeats the call.
        Assert.True(await service.Add("lenet5", 2, Right));
        Assert.Equal("2", Default(repository));
    }

    private static string Default(Repository repository) => File.ReadAllText(Path.Combine(repository.Folder, "lenet5", "default")).Trim();

    private static async Task<Adding> Start(Repository repository)
    {
        ModelAdministration? models = null;
        var service = await TestService.StartReady(
            repository, app => models = app.Services.GetRequiredService<ModelAdministration>(), "--Fovea:PollSeconds=0");
        return new(service, models!, Path.Combine(repository.Folder, "lenet5", "1", VersionFolder.ModelFile));
    }

    private sealed record Adding(TestService Service, ModelAdministration Models, string File) : IAsyncDisposable
    {
        public Task<bool> Add(string name, int number, AddingRight right) =>
            Models.Add(name, number, File, publish: true, right, TestContext.Current.CancellationToken);

        public ValueTask DisposeAsync() => Service.DisposeAsync();
    }
}
