using Fovea.Models.Imaging;
using Fovea.Training.DataQuality;
using Fovea.Training.Datasets;
using SkiaSharp;
using static Fovea.Training.Tests.DataQuality.DrawnPhotos;

namespace Fovea.Training.Tests.DataQuality;

public sealed class HealthCheckTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Healthy_images_have_no_findings()
    {
        Photos();
        Assert.Equal(0, Check().Findings);
    }

    [Fact]
    public void Scaled_copy_in_another_part_is_a_leak_and_in_the_same_part_a_near_duplicate()
    {
        Photos();
        Write(folder["data/val/red/leak.jpg"], Scaled(Draw(3), 0.6), quality: 60);
        Write(folder["data/train/blue/copy.jpg"], Scaled(Draw(104, hue: 240), 0.5), quality: 70);
        File.Copy(folder["data/train/red/1.jpg"], folder["data/train/red/same.jpg"]);
        var health = Check();
        Assert.Equal([["train/red/3.jpg", "val/red/leak.jpg"]], Files(health, "leaks"));
        Assert.Equal([["train/blue/4.jpg", "train/blue/copy.jpg"]], Files(health, "near-duplicates"));
        Assert.Equal([["train/red/1.jpg", "train/red/same.jpg"]], Files(health, "duplicates"));
    }

    [Fact]
    public void Cropped_and_mirrored_copies_are_found()
    {
        Photos();
        Write(folder["data/val/red/cut.jpg"], Scaled(Cropped(Draw(3), 0.03), 0.6));
        Write(folder["data/val/blue/turned.jpg"], Mirrored(Draw(104, hue: 240)));
        Assert.Equal(
            [["train/blue/4.jpg", "val/blue/turned.jpg"], ["train/red/3.jpg", "val/red/cut.jpg"]],
            Files(Check(), "leaks").OrderBy(files => files[0], StringComparer.Ordinal));
    }

    [Fact]
    public void Mirror_image_with_another_label_is_another_picture()
    {
        Photos();
        Write(folder["data/train/blue/turned.jpg"], Mirrored(Draw(3)));
        Assert.Equal(0, Check().Findings);
    }

    [Fact]
    public void Plain_drawings_at_other_places_are_other_pictures()
    {
        Photos();
        for (int i = 0; i < 12; i++)
        {
            Write(folder[$"data/train/red/circle{i}.png"], Circle(60 + (8 * i), hue: 30 * i));
        }

        Assert.Empty(Files(Check(), "near-duplicates"));
    }

    [Fact]
    public void Same_shapes_in_another_colour_are_another_picture()
    {
        Photos();
        Write(folder["data/train/blue/like-red.jpg"], Draw(4, hue: 240));
        Assert.Equal(0, Check().Findings);
    }

    [Fact]
    public void Copy_with_another_label_says_so()
    {
        Photos();
        File.Copy(folder["data/train/red/2.jpg"], folder["data/train/blue/same.jpg"]);
        Assert.Equal(
            "2 images are identical, with different labels: blue and red.",
            Check().Checks.Single(check => check.Check == "duplicates").Findings.Single().Reason);
    }

    [Fact]
    public void Blurred_dark_tiny_and_wide_images_are_found()
    {
        Photos();
        Write(folder["data/train/red/blurred.jpg"], Blurred(Draw(50)));
        Write(folder["data/train/red/dark.jpg"], Darkened(Draw(51)));
        Write(folder["data/train/red/tiny.jpg"], Draw(52, width: 40, height: 30));
        Write(folder["data/val/blue/wide.jpg"], Draw(53, hue: 240, width: 900, height: 150));
        var health = Check();
        Assert.Equal([["train/red/blurred.jpg"]], Files(health, "blurry"));
        Assert.Equal([["train/red/dark.jpg"]], Files(health, "dark"));
        Assert.Equal([["train/red/tiny.jpg"]], Files(health, "tiny"));
        Assert.Equal([["val/blue/wide.jpg"]], Files(health, "odd-sized"));
    }

    [Fact]
    public void Any_share_of_unreadable_files_is_a_finding_and_no_error()
    {
        Photos();
        for (int i = 0; i < 9; i++)
        {
            File.WriteAllText(folder[$"data/train/red/bad{i}.jpg"], "no image");
        }

        var health = Check();
        Assert.Equal(9, health.Checks.Single(check => check.Check == "unreadable").Count);
        Assert.Equal(24, health.Images);
    }

    [Fact]
    public void Small_class_is_an_imbalance()
    {
        Photos();
        Write(folder["data/train/green/1.jpg"], Draw(70, hue: 120));
        Write(folder["data/val/green/2.jpg"], Draw(71, hue: 120));
        Assert.Equal(
            "green has 2 images, and blue, the largest class, has 12.",
            Check().Checks.Single(check => check.Check == "imbalance").Findings.Single().Reason);
    }

    [Fact]
    public void Images_of_one_brightness_are_copies_only_if_they_are_identical()
    {
        for (byte i = 0; i < 8; i++)
        {
            Images.Write(folder[$"data/dark/{i}.png"], i, side: 100);
            Images.Write(folder[$"data/light/{i}.png"], (byte)(200 + (i / 2)), side: 100);
        }

        var health = Check();
        Assert.Equal(4, health.Checks.Single(check => check.Check == "duplicates").Count);
        Assert.Equal(0, health.Checks.Single(check => check.Check == "near-duplicates").Count);
        Assert.Equal(
            "The data set has no parts, such as train and val.", health.Checks.Single(check => check.Check == "leaks").NotChecked);
    }

    [Fact]
    public void Training_copies_of_validation_images_are_known_but_a_class_keeps_its_last_ones()
    {
        Photos();
        File.Copy(folder["data/train/red/2.jpg"], folder["data/val/red/leak.jpg"]);
        Write(folder["data/train/green/1.jpg"], Draw(70, hue: 120));
        File.Copy(folder["data/train/green/1.jpg"], folder["data/val/blue/green.jpg"]);
        var images = Read();
        Assert.Equal(["train/red/2.jpg"], CopyChecks.LeakedIntoTraining(images).Select(i => images.Describe(i).File));
    }

    public void Dispose() => folder.Dispose();

    private void Photos()
    {
        foreach (var (part, first) in new[] { ("train", 0), ("val", 20) })
        {
            for (int i = first; i < first + 6; i++)
            {
                Write(folder[$"data/{part}/red/{i}.jpg"], Draw(i));
                Write(folder[$"data/{part}/blue/{i}.jpg"], Draw(i + 100, hue: 240));
            }
        }
    }

    private static SKBitmap Circle(int x, float hue)
    {
        var bitmap = new SKBitmap(200, 200);
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint { Color = SKColors.White };
        canvas.Clear(SKColor.FromHsv(hue, 80, 40));
        canvas.DrawCircle(x, 100, 50, paint);
        return bitmap;
    }

    private CheckedImages Read()
    {
        var data = DatasetFolder.OpenForCheck(folder["data"], Preprocessing.ImageNet(64));
        return CheckedImages.Of(data.Folder, data.Name, data.Parts, TestContext.Current.CancellationToken);
    }

    private DatasetHealth Check() => HealthCheck.Of(Read());

    private static string[][] Files(DatasetHealth health, string name) =>
    [
        .. health.Checks.Single(check => check.Check == name).Findings
            .Select(finding => finding.Images.Select(image => image.File).ToArray()),
    ];
}
