using Fovea.Models.Imaging;
using Fovea.Training.DataQuality;
using Fovea.Training.Datasets;
using static Fovea.Training.Tests.DataQuality.DrawnPhotos;

namespace Fovea.Training.Tests.DataQuality;

public sealed class TrainingCheckTests : IDisposable
{
    private const long Seed = 1;

    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Training_copy_of_a_validation_image_is_left_out_and_validation_stays()
    {
        Photos("train/");
        Write(folder["data/val/red/leak.jpg"], Scaled(Draw(2), 0.7), quality: 60);
        Write(folder["data/val/blue/other.jpg"], Draw(150, hue: 240));
        var (data, check) = Check();
        var (train, validation) = data.ForTraining(Seed);
        Assert.Equal(["train/red/2.jpg"], check!.Leaks);
        Assert.Equal((11, 2), (train.Count, validation.Count));
        Assert.DoesNotContain(Enumerable.Range(0, 11).Select(train.Source), path => path.EndsWith("red/2.jpg", StringComparison.Ordinal));
    }

    [Fact]
    public void Places_of_predictions_are_those_of_the_images_that_the_run_uses()
    {
        Photos("train/");
        Write(folder["data/val/blue/leak.jpg"], Draw(102, hue: 240));
        Write(folder["data/val/red/other.jpg"], Draw(150));
        var (data, check) = Check();
        var (train, validation) = data.ForTraining(Seed);
        string[] used = [.. Paths(train), .. Paths(validation)];
        float[][] logits = [.. used.Select(_ => new float[2])];
        var judged = check!.With(new([.. Enumerable.Range(0, used.Length)], new(logits, [.. train.Targets, .. validation.Targets])));
        Assert.Equal(used, judged.Images.Judged!.Images.Select(i => judged.Images.All.Source(i)));

        static IEnumerable<string> Paths(Dataset images) => Enumerable.Range(0, images.Count).Select(images.Source);
    }

    [Fact]
    public void Copies_are_kept_on_one_side_of_a_split_by_the_seed_too()
    {
        Photos("");
        for (int i = 0; i < 6; i++)
        {
            File.Copy(folder[$"data/red/{i}.jpg"], folder[$"data/red/{i}-again.jpg"]);
            File.Copy(folder[$"data/blue/{i}.jpg"], folder[$"data/blue/{i}-again.jpg"]);
        }

        var (data, check) = Check();
        var (train, validation) = data.ForTraining(Seed);
        Assert.Equal(2, check!.Leaks.Count);
        Assert.Equal((20, 2), (train.Count, validation.Count));
    }

    [Fact]
    public void Images_without_copies_are_all_used()
    {
        Photos("train/");
        Photos("val/", first: 20);
        var (data, check) = Check();
        Assert.Empty(check!.Leaks);
        Assert.Equal(12, data.ForTraining(Seed).Train.Count);
    }

    public void Dispose() => folder.Dispose();

    private void Photos(string part, int first = 0)
    {
        for (int i = first; i < first + 6; i++)
        {
            Write(folder[$"data/{part}red/{i}.jpg"], Draw(i));
            Write(folder[$"data/{part}blue/{i}.jpg"], Draw(i + 100, hue: 240));
        }
    }

    private (DatasetFolder Data, TrainingCheck? Check) Check() => TrainingCheck.Of(
        DatasetFolder.OpenForTraining(folder["data"], Preprocessing.ImageNet(64)), Seed, TestContext.Current.CancellationToken);
}
